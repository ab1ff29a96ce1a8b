import process from 'node:process'

/** Variables that GPU workers, and what lets others in, must not have: those of the database and of the dashboard. */
const credentials = /^(DATABASE_URL|GAUNTLET_DASHBOARD_TOKEN|PG[A-Z]+)$/

/** The credentials of this process, each undefined, for the environment of a process that is to have none. */
export function withoutCredentials(variables: NodeJS.ProcessEnv = process.env): Record<string, undefined> {
  const names = Object.keys(variables).filter((name) => credentials.test(name))
  return Object.fromEntries(names.map((name) => [name, undefined]))
}

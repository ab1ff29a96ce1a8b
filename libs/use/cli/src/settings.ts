import { fetchPool } from '@gauntlet/contract'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The settings of a command, from its environment variables. */
export interface CommandSettings {
  /**
   * The folder of everything local: services, logs, artifacts. `GAUNTLET_HOME`, default `.gauntlet` in the present
   * folder.
   */
  readonly home: string
  /** `GAUNTLET_ARTIFACTS`, default a folder of the home. */
  readonly artifacts: string
  /** The folder of downloads and of what set-up built, outside every checkout. `GAUNTLET_CACHE`. */
  readonly cache: string
  /** Set where the user has a Postgres and a Temporal of their own. Nothing is started here then, workers included. */
  readonly databaseUrl: string | undefined
  readonly temporalAddress: string | undefined
  readonly pool: string | undefined
  /** The pool that fetches sources for declared ones. `GAUNTLET_FETCH_POOL`, default `fetch`. */
  readonly fetchPool: string
}

export function readCommandSettings(variables: NodeJS.ProcessEnv = process.env): CommandSettings {
  const home = resolve(variables.GAUNTLET_HOME || '.gauntlet')
  return {
    home,
    artifacts: variables.GAUNTLET_ARTIFACTS || pathToFileURL(join(home, 'artifacts')).href,
    cache: resolve(cacheFolder(variables)),
    databaseUrl: variables.DATABASE_URL || undefined,
    temporalAddress: variables.TEMPORAL_ADDRESS || undefined,
    pool: variables.GAUNTLET_POOL || undefined,
    fetchPool: variables.GAUNTLET_FETCH_POOL || fetchPool,
  }
}

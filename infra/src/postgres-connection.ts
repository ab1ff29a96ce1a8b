import pg from 'pg'

/** The cluster does not accept the password in the file. The user must decide which of the two to keep. */
export class PostgresPasswordLost extends Error {
  override readonly name = 'PostgresPasswordLost'
}

/** SQLSTATE 28P01, invalid_password. */
const invalidPassword = '28P01'
/** SQLSTATE 42P04, duplicate_database. */
const duplicateDatabase = '42P04'

/** Whether Postgres accepts a connection and answers a query. Throws `PostgresPasswordLost`. */
export async function answersQueries(url: URL): Promise<boolean> {
  try {
    await query(url, 'select 1')
    return true
  } catch (error) {
    if ((error as { code?: string }).code !== invalidPassword) return false
    throw new PostgresPasswordLost(
      'Postgres does not accept the password in services/postgres.password; put that file back, or delete the folder postgres beside it to begin with an empty ledger.',
    )
  }
}

/**
 * Creates the database `name` if there is none, and gives its URL.
 * @param url of any other database of the server
 */
export async function ensureDatabase(url: URL, name: string): Promise<string> {
  const known = await query(url, 'select from pg_database where datname = $1', [name])
  if (known.rowCount === 0) {
    await query(url, `create database ${pg.escapeIdentifier(name)}`).catch((error: { code?: string }) => {
      if (error.code !== duplicateDatabase) throw error
    })
  }
  return Object.assign(new URL(url), { pathname: `/${name}` }).href
}

async function query(url: URL, text: string, values: string[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({
    connectionString: url.href,
    connectionTimeoutMillis: 2_000,
    query_timeout: 5_000,
    application_name: 'gauntlet-infra',
  })
  // Without a listener Node would end the process when a connection breaks. The query has failed or is done by then.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await client.query(text, values)
  } finally {
    await client.end().catch(() => undefined)
  }
}

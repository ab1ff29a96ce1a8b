/**
 * The schema of the ledger's tables. A database may be used by other programs too, whose tables are in other schemas.
 */
export const ledgerSchema = 'gauntlet'

/**
 * The settings of a connection to the ledger: names of tables are looked for in its schema alone. Other options of the
 * user, in the address or in `PGOPTIONS`, stay.
 */
export function ledgerConnection(databaseUrl: string): { connectionString: string } {
  if (!URL.canParse(databaseUrl)) return { connectionString: databaseUrl }
  const address = new URL(databaseUrl)
  const given = address.searchParams.get('options') ?? process.env['PGOPTIONS'] ?? ''
  address.searchParams.set('options', `${given} -c search_path=${ledgerSchema}`.trim())
  return { connectionString: address.href }
}

/** An address of a ledger as it may be printed. */
export function printableLedger(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'the given DATABASE_URL'
  const { hostname, port, pathname } = new URL(databaseUrl)
  return `${hostname}${port === '' ? '' : `:${port}`}${pathname}`
}

/** No server answers at the address of the ledger. A retry helps when it is starting or the network was interrupted. */
export class LedgerUnreachable extends Error {
  override readonly name = 'LedgerUnreachable'

  constructor(databaseUrl: string, cause: unknown) {
    const reason = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause
    const said = reason instanceof Error ? reason.message : String(reason)
    super(
      `The ledger at ${withoutPassword(databaseUrl)} cannot be reached (${said}); run \`gauntlet up\` or correct DATABASE_URL.`,
      { cause },
    )
  }
}

function withoutPassword(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'the given DATABASE_URL'
  const { hostname, port, pathname } = new URL(databaseUrl)
  return `${hostname}${port === '' ? '' : `:${port}`}${pathname}`
}

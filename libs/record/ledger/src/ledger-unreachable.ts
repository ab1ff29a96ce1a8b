/** Nobody answers as a ledger at this address. A retry helps when the server is starting or the network is away. */
export class LedgerUnreachable extends Error {
  override readonly name = 'LedgerUnreachable'

  constructor(databaseUrl: string, cause: unknown) {
    const finding = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause
    const said = finding instanceof Error ? finding.message : String(finding)
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

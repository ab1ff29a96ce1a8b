import { printableLedger } from './ledger-address.ts'

/** No server answers at the address of the ledger. A retry helps when it is starting or the network was interrupted. */
export class LedgerUnreachable extends Error {
  override readonly name = 'LedgerUnreachable'

  constructor(databaseUrl: string, cause: unknown) {
    const reason = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause
    const said = reason instanceof Error ? reason.message : String(reason)
    super(
      `The ledger at ${printableLedger(databaseUrl)} cannot be reached (${said}); run \`npx gauntlet up\` or correct DATABASE_URL.`,
      { cause },
    )
  }
}

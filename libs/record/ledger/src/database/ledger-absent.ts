import { ledgerSchema, printableLedger } from './ledger-address.ts'

/** The database has no ledger, and nobody has said that it should have one. A retry does not help; the message does. */
export class LedgerAbsent extends Error {
  override readonly name = 'LedgerAbsent'

  constructor(databaseUrl: string) {
    super(
      `The database ${printableLedger(databaseUrl)} has no ledger yet; make one there, in a schema of its own called ${ledgerSchema}, with \`npx gauntlet up --create-ledger\`, or correct DATABASE_URL.`,
    )
  }
}

/** The ledger's tables are those of an earlier version, and a reading command changes none. */
export class LedgerOlder extends Error {
  override readonly name = 'LedgerOlder'

  constructor(databaseUrl: string) {
    super(
      `The ledger at ${printableLedger(databaseUrl)} was last used by an earlier Gauntlet; bring its tables up to date with \`npx gauntlet up\`.`,
    )
  }
}

/** The database does not look for tables where the connection says. A retry does not help. */
export class LedgerMisplaced extends Error {
  override readonly name = 'LedgerMisplaced'

  constructor(databaseUrl: string) {
    super(
      `The database ${printableLedger(databaseUrl)} ignores the option search_path, as some connection poolers do; let DATABASE_URL lead to the server itself, or to a pooler that passes options on.`,
    )
  }
}

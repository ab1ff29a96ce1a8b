/** The ledger's tables were made by a later version of this program. A retry does not help; updating does. */
export class LedgerNewer extends Error {
  override readonly name = 'LedgerNewer'

  constructor() {
    super(
      'The ledger was migrated by a newer Gauntlet than this one; update this checkout, or set DATABASE_URL to another database.',
    )
  }
}

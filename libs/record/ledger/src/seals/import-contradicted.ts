/** An import says something else than the ledger has, so nothing of it was written. A retry does not help. */
export class ImportContradicted extends Error {
  override readonly name = 'ImportContradicted'

  constructor(what: string) {
    super(`${what}; nothing was imported. Import it into a home of its own to compare the two.`)
  }
}

/** No study in this ledger has that name or id. A retry does not help; the message lists the studies there are. */
export class StudyUnknown extends Error {
  override readonly name = 'StudyUnknown'

  constructor(
    readonly study: string,
    known: readonly string[],
  ) {
    const hint =
      known.length === 0
        ? 'it holds none yet; run one with `gauntlet run`, or import one with `gauntlet import`'
        : `it holds ${known.join(', ')}`
    super(`The ledger has no study "${study}": ${hint}.`)
  }
}

/** No study in this ledger answers to that name. A retry does not help; the message lists what there is. */
export class StudyUnknown extends Error {
  override readonly name = 'StudyUnknown'

  constructor(
    readonly study: string,
    known: readonly string[],
  ) {
    const hint = known.length === 0 ? 'it holds none yet; run one with `gauntlet run`' : `it holds ${known.join(', ')}`
    super(`The ledger has no study "${study}": ${hint}.`)
  }
}

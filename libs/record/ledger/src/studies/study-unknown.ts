/**
 * No study that ran, or was sealed elsewhere, has that name or id. A retry does not help; the message lists the studies
 * there are, or says that the one of this name has claimed numbers alone.
 */
export class StudyUnknown extends Error {
  override readonly name = 'StudyUnknown'

  constructor(
    readonly study: string,
    readonly known: readonly string[],
  ) {
    super(
      known.includes(study)
        ? `${study} is an imported table of claimed numbers; read it with npx gauntlet rank, analyze or report.`
        : `The ledger has no study "${study}": ${hint(known)}.`,
    )
  }
}

function hint(known: readonly string[]): string {
  return known.length === 0
    ? 'it holds none yet; run one with `npx gauntlet run`, or import one with `npx gauntlet import`'
    : `it holds ${known.join(', ')}`
}

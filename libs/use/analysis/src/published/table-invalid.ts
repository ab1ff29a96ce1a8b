import { InvalidInput } from '@gauntlet/study'

/** One thing to change in a published table. */
export interface TableProblem {
  /** As spreadsheets number rows: the header is row 1. Null for the table as a whole. */
  readonly row: number | null
  /** One sentence, which names the row. */
  readonly message: string
}

const shownProblems = 20

/** A published table cannot be used as it is; a retry does not help. Carries every problem, in the table's order. */
export class PublishedTableInvalid extends InvalidInput {
  readonly problems: readonly TableProblem[]

  constructor(problems: readonly TableProblem[]) {
    const lines = problems.slice(0, shownProblems).map(({ message }) => message)
    const rest = problems.length - shownProblems
    super([...lines, ...(rest > 0 ? [`… and ${rest} more problems.`] : [])].join('\n'))
    this.problems = problems
  }
}

/** The error of a single problem. */
export function tableInvalid(row: number | null, message: string): PublishedTableInvalid {
  return new PublishedTableInvalid([{ row, message }])
}

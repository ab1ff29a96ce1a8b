import { InvalidInput } from '../invalid-input.ts'

/** A position in a study file. Both numbers count from 1, columns in UTF-16 code units. */
export interface SourcePosition {
  readonly line: number
  readonly column: number
}

/** One thing to change in a study file. */
export interface StudyProblem extends SourcePosition {
  readonly fileName: string
  /** One sentence, one line. */
  readonly message: string
}

/** The line that reports a problem, in the form that editors and terminals can jump to. */
function problemLine({ fileName, line, column, message }: StudyProblem): string {
  return `${fileName}:${line}:${column}: ${message}`
}

const shownProblems = 50

/**
 * The study file cannot be used as it is; a retry does not help. The error has every problem, in the order of the file.
 */
export class StudyFileInvalid extends InvalidInput {
  readonly problems: readonly StudyProblem[]

  constructor(problems: readonly StudyProblem[]) {
    super(messageOf(problems))
    this.problems = problems
  }
}

function messageOf(problems: readonly StudyProblem[]): string {
  const lines = problems.slice(0, shownProblems).map(problemLine)
  const rest = problems.length - shownProblems
  return rest > 0 ? [...lines, `… and ${rest} more problems.`].join('\n') : lines.join('\n')
}

/** A value quoted for a message: on one line, control characters escaped, cut where it is long. */
export function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value).slice(1, -1)
      : typeof value === 'number'
        ? String(value)
        : JSON.stringify(value)
  const cut = text.length > 60 ? `${text.slice(0, 57)}…` : text
  return typeof value === 'string' ? `'${cut}'` : cut
}

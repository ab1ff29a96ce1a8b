import { StudyFileInvalid, type SourcePosition, type StudyProblem } from './study-problem.ts'

/** A place in a document: the keys and indices that lead to it. */
export type Path = readonly (string | number)[]

/**
 * Finds the position of a value, or of a key, in the text. For a path that leads nowhere it gives the innermost place
 * on the way that exists.
 */
export type Locate = (path: Path, part?: 'key' | 'value') => SourcePosition

/** Collects the problems of one study file, so that its author sees all of them at once. */
export class ProblemList {
  private readonly problems = new Map<string, StudyProblem>()
  private readonly fileName: string
  private readonly locate: Locate

  constructor(fileName: string, locate: Locate) {
    this.fileName = fileName
    this.locate = locate
  }

  get size(): number {
    return this.problems.size
  }

  add(path: Path, message: string, part: 'key' | 'value' = 'value'): void {
    const problem = { fileName: this.fileName, ...this.locate(path, part), message }
    this.problems.set(`${problem.line}:${problem.column}: ${message}`, problem)
  }

  /** The problems in the order of the file. */
  sorted(): readonly StudyProblem[] {
    return [...this.problems.values()].sort((a, b) => a.line - b.line || a.column - b.column)
  }

  throwIfAny(): void {
    if (this.problems.size > 0) throw new StudyFileInvalid(this.sorted())
  }
}

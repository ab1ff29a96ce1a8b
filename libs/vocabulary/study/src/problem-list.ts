import { StudyFileInvalid, type SourcePosition, type StudyProblem } from './study-problem.ts'

/** Where in a document: the keys and indices that lead to it. */
export type Path = readonly (string | number)[]

/**
 * Finds the place of a value, or of a key, in the text it was written in; the nearest place around what is not there.
 */
export type Locate = (path: Path, part?: 'key' | 'value') => SourcePosition

/** Collects what is wrong with one study file, so that its author hears everything at once. */
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

  /** Everything found, in the order of the file. */
  sorted(): readonly StudyProblem[] {
    return [...this.problems.values()].sort((a, b) => a.line - b.line || a.column - b.column)
  }

  throwIfAny(): void {
    if (this.problems.size > 0) throw new StudyFileInvalid(this.sorted())
  }
}

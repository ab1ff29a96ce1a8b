import type { Digest } from './digest.ts'
import type { Locate, Path, ProblemList } from './problem-list.ts'
import { lockFileName, type PinnedSource, type SourceLock } from './source-lock.ts'
import type { StudyProblem } from './study-problem.ts'

/**
 * A source without a digest: what it holds has to be found out, and written into the lock, before anything has an
 * identity.
 */
export interface UnpinnedSource {
  readonly source: string
  readonly problem: StudyProblem
}

interface WrittenSource {
  readonly axis: 'dataset' | 'backbone'
  readonly id: string
  readonly source: string
  /** As the study or the catalogue has it; null where neither does. */
  readonly sha256: Digest | null
}

/** Which bytes the sources of a study stand for: the study's own word first, then the lock's; none is ever guessed. */
export class Pins {
  readonly unpinned: UnpinnedSource[] = []
  private readonly contradictions: (readonly [Path, string])[] = []
  private readonly fileName: string
  private readonly locate: Locate
  private readonly lock: SourceLock

  constructor(fileName: string, locate: Locate, lock: SourceLock) {
    this.fileName = fileName
    this.locate = locate
    this.lock = lock
  }

  /** The exact source and its digest; null, and remembered as unpinned, where nobody says what it holds. */
  of({ axis, id, source, sha256 }: WrittenSource, path: Path): PinnedSource | null {
    const locked = this.lock.get(source)
    if (sha256 !== null) {
      if (locked && locked.sha256 !== sha256)
        this.contradictions.push([path, this.contradiction(source, sha256, locked)])
      return { source, sha256 }
    }
    if (locked) return locked
    const message =
      `The ${axis} '${id}' is not pinned yet: nobody has said which bytes ${source} holds; ` +
      `plan the study where it can be reached, which writes ${lockFileName(this.fileName)}, or write { id: ${id}, sha256: … }.`
    this.unpinned.push({ source, problem: { fileName: this.fileName, ...this.locate(path), message } })
    return null
  }

  addContradictions(problems: ProblemList): void {
    for (const [path, message] of this.contradictions) problems.add(path, message)
  }

  private contradiction(source: string, sha256: Digest, locked: PinnedSource): string {
    return `${source} has SHA-256 ${sha256} here and ${locked.sha256} in ${lockFileName(this.fileName)}; remove the wrong one.`
  }
}

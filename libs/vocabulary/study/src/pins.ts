import type { Digest } from './digest.ts'
import type { Locate, Path, ProblemList } from './problem-list.ts'
import { lockFileName, type PinnedSource, type SourceLock } from './source-lock.ts'
import type { StudyProblem } from './study-problem.ts'

/**
 * A source without a digest. Its bytes have to be identified, and their digest written into the lock, before anything
 * that uses it has an identity.
 */
export interface UnpinnedSource {
  readonly source: string
  readonly problem: StudyProblem
}

interface WrittenSource {
  readonly axis: 'dataset' | 'backbone'
  readonly id: string
  readonly source: string
  /** From the study or the catalogue; null where neither has it. */
  readonly sha256: Digest | null
}

/**
 * Finds the digest of each source of a study, in the study itself first and then in the lock. A digest is never
 * guessed.
 */
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

  /** The exact source and its digest. Where no digest is known it gives null and adds the source to `unpinned`. */
  of({ axis, id, source, sha256 }: WrittenSource, path: Path): PinnedSource | null {
    const locked = this.lock.get(source)
    if (sha256 !== null) {
      if (locked && locked.sha256 !== sha256)
        this.contradictions.push([path, this.contradiction(source, sha256, locked)])
      return { source, sha256 }
    }
    if (locked) return locked
    const message =
      `The ${axis} '${id}' is not pinned yet: no digest of ${source} is known; ` +
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

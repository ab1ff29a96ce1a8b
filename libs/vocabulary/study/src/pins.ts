import type { Digest } from './digest.ts'
import type { Locate, Path, ProblemList } from './schema/problem-list.ts'
import { lockFileName, type PinnedSource, type SourceLock } from './source-lock.ts'
import type { StudyProblem } from './schema/study-problem.ts'

/**
 * A source without a digest. Its bytes have to be identified, and their digest written into the lock, before anything
 * that uses it has an identity.
 */
export interface UnpinnedSource {
  readonly source: string
  /** Whether the lock also lacks the number of classes, which is in the data. */
  readonly wantsClasses: boolean
  readonly problem: StudyProblem
}

interface WrittenSource {
  readonly axis: 'dataset' | 'backbone'
  readonly id: string
  readonly source: string
  /** From the study or the catalogue; null where neither has it. */
  readonly sha256: Digest | null
  /** Of a dataset, from the study or the catalogue; null where neither has it, absent for what has no classes. */
  readonly classes?: number | null
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

  /** The exact source with its digest and classes. Where one is not known it gives null and adds to `unpinned`. */
  of({ axis, id, source, sha256, classes }: WrittenSource, path: Path): PinnedSource | null {
    const locked = this.lock.get(source)
    if (sha256 !== null && locked && locked.sha256 !== sha256)
      this.contradictions.push([path, this.contradiction(source, sha256, locked)])
    const digest = sha256 ?? locked?.sha256
    const count = classes ?? locked?.classes
    const wantsClasses = classes === null && count === undefined
    if (digest !== undefined && !wantsClasses)
      return { source: locked?.source ?? source, sha256: digest, ...(count === undefined ? {} : { classes: count }) }
    const missing = digest === undefined ? 'digest' : 'number of classes'
    const message =
      `The ${axis} '${id}' is not pinned yet: no ${missing} of ${source} is known; ` +
      `plan the study where it can be reached, which writes ${lockFileName(this.fileName)}, or write { id: ${id}, ${digest === undefined ? 'sha256' : 'classes'}: … }.`
    this.unpinned.push({ source, wantsClasses, problem: { fileName: this.fileName, ...this.locate(path), message } })
    return null
  }

  addContradictions(problems: ProblemList): void {
    for (const [path, message] of this.contradictions) problems.add(path, message)
  }

  private contradiction(source: string, sha256: Digest, locked: PinnedSource): string {
    return `${source} has SHA-256 ${sha256} here and ${locked.sha256} in ${lockFileName(this.fileName)}; remove the wrong one.`
  }
}

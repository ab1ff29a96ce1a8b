import type { ArtifactStore } from '@gauntlet/artifacts'
import type { StudyRecord } from './study-record.ts'

/**
 * How far a link of the record is borne out. `proved`: it was computed again here and agrees. `attested`: somebody said
 * so, and nothing here can compute it again. `missing`: what should bear it out is gone, or says otherwise.
 */
export type LinkState = 'proved' | 'attested' | 'missing'

/** A link that is missing. */
export interface Finding {
  /** What is wrong with, as `artifact <digest>`, `execution <key> (fine-tune)` or `measurement <id> (row 3)`. */
  readonly subject: string
  /** The sentence that follows the subject. */
  readonly problem: string
}

/** What one level found. */
export interface LevelReport {
  readonly counts: Readonly<Record<LinkState, number>>
  readonly findings: readonly Finding[]
  /** What the level could not prove, and why: a sentence each. */
  readonly notes: readonly string[]
}

/** What a level may use besides the rows. */
export interface LevelContext {
  readonly store: ArtifactStore
  /** Whether bytes that this machine has verified before, and that have not changed since, are read again. */
  readonly again: boolean
  readonly signal: AbortSignal
  report(done: number, total: number): void
}

/** One kind of check of a study's record. `gauntlet verify` runs those of a list, one after the other. */
export interface Level {
  readonly name: string
  /** What holds where the level finds nothing, in one sentence. */
  readonly claim: string
  check(record: StudyRecord, context: LevelContext): Promise<LevelReport>
}

/** Collects the links of one level. */
export class Links {
  readonly #counts: Record<LinkState, number> = { proved: 0, attested: 0, missing: 0 }
  readonly #findings: Finding[] = []
  readonly #notes = new Set<string>()

  proved(count = 1): void {
    this.#counts.proved += count
  }

  /** Equal notes are kept once. */
  attested(note: string): void {
    this.#counts.attested += 1
    this.#notes.add(note)
  }

  missing(subject: string, problem: string): void {
    this.#counts.missing += 1
    this.#findings.push({ subject, problem })
  }

  /** Counts a link as proved where `problem` is null, else as missing. */
  judge(subject: string, problem: string | null): void {
    if (problem === null) this.proved()
    else this.missing(subject, problem)
  }

  report(): LevelReport {
    return { counts: { ...this.#counts }, findings: [...this.#findings], notes: [...this.#notes] }
  }
}

import type { ArtifactStore } from '@gauntlet/artifacts'
import type { LedgerDatabase } from '@gauntlet/ledger'
import type { Level, LevelReport } from './level.ts'
import { readRecord } from './study-record.ts'

/** What one level found, and how long it took. */
export interface CheckedLevel extends LevelReport {
  readonly name: string
  readonly claim: string
  readonly seconds: number
}

/** What was found of a study. */
export interface Verification {
  readonly study: { readonly id: string; readonly name: string }
  readonly measurements: number
  readonly executions: number
  readonly levels: readonly CheckedLevel[]
  /** Whether no link is missing. */
  readonly holds: boolean
  /** Seconds of reading the rows. */
  readonly secondsReading: number
}

/** How far a verification is: `read` while the rows are read, of which nobody knows how many there will be. */
export interface VerificationProgress {
  readonly level: string
  readonly done: number
  readonly total: number | null
}

/** How a study is verified. */
export interface VerifyOptions {
  readonly db: LedgerDatabase
  readonly store: ArtifactStore
  readonly levels: readonly Level[]
  /** Reads and counts what was verified before, too. */
  readonly again?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: VerificationProgress) => void
}

/**
 * Checks the record of a study, one level after the other. What it has verified of bytes is remembered as it goes, so
 * that an interrupted verification goes on where it was. Throws `StudyUnknown`.
 */
export async function verifyStudy(study: string, options: VerifyOptions): Promise<Verification> {
  const { db, store, levels, again = false, signal = new AbortController().signal } = options
  const onProgress = options.onProgress ?? (() => undefined)
  const begunAt = performance.now()
  const record = await readRecord(db, study, (done) => onProgress({ level: 'read', done, total: null }))
  const secondsReading = (performance.now() - begunAt) / 1_000
  const checked: CheckedLevel[] = []
  for (const { name, claim, check } of levels) {
    const levelBegunAt = performance.now()
    const report = await check(record, {
      store,
      again,
      signal,
      report: (done, total) => onProgress({ level: name, done, total }),
    })
    checked.push({ name, claim, ...report, seconds: (performance.now() - levelBegunAt) / 1_000 })
  }
  return {
    study: { id: record.grid.id, name: record.grid.name },
    measurements: record.measurements.length,
    executions: record.executions.size,
    levels: checked,
    holds: checked.every(({ counts }) => counts.missing === 0),
    secondsReading,
  }
}

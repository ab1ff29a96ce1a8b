import { eq } from 'drizzle-orm'
import type { Json, StageName } from '@gauntlet/study'
import { findStudy, type RecordedStudy } from './find-study.ts'
import type { LedgerDatabase } from './open-ledger.ts'
import { exclusion } from './schema/index.ts'
import { studyGrid, type GridCell, type LastFailure, type LastMeasurement } from './study-grid.ts'

/** A cell with its place in the table. */
export interface Cell extends GridCell {
  /** Its place in the whole grid, from 1, whether or not other cells have a number. */
  readonly row: number
}

/** A cell with its number, and where the number came from. */
export interface MeasuredCell extends Cell, LastMeasurement {
  /** correct / total. */
  readonly accuracy: number
}

/** A cell without a number; stage and class are null where it was not run yet. */
export interface MissingCell extends Cell {
  readonly stage: StageName | null
  readonly failureClass: string | null
  readonly reason: string
}

/** The table of a study. */
export interface StudyResults {
  readonly study: RecordedStudy
  readonly rows: readonly MeasuredCell[]
  readonly missing: readonly MissingCell[]
  readonly exclusions: readonly { readonly cell: Json; readonly reason: string }[]
}

/**
 * The table of a study, by id or name. Every cell of its grid is either measured or missing for a reason. Throws
 * `StudyUnknown`.
 */
export async function studyResults(db: LedgerDatabase, nameOrId: string): Promise<StudyResults> {
  const study = await findStudy(db, nameOrId)
  const rows: MeasuredCell[] = []
  const missing: MissingCell[] = []
  for (const [i, { cell, measured, failed }] of (await studyGrid(db, study.id)).entries()) {
    if (measured === null) missing.push({ row: i + 1, ...cell, ...absenceOf(failed) })
    else rows.push({ row: i + 1, ...cell, ...measured, accuracy: measured.correct / measured.total })
  }
  return {
    study,
    rows,
    missing,
    exclusions: await db
      .select({ cell: exclusion.cell, reason: exclusion.reason })
      .from(exclusion)
      .where(eq(exclusion.studyId, study.id))
      .orderBy(exclusion.position),
  }
}

function absenceOf(failed: LastFailure | null): Pick<MissingCell, 'stage' | 'failureClass' | 'reason'> {
  if (failed === null) return { stage: null, failureClass: null, reason: 'not run yet' }
  return { stage: failed.stage, failureClass: failed.failureClass, reason: failed.message }
}

import { and, eq, sql } from 'drizzle-orm'
import { digestOf, evaluatorLabel, type Digest, type Perturbation, type EvaluationFlag } from '@gauntlet/study'
import { LineageBroken } from './lineage-broken.ts'
import { isAnyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { perturbationKey, perturbationRows, sortedBy } from '../studies/record-study.ts'
import { execution, executionArtifact, measurement, perturbation } from '../schema/index.ts'

/** A number, and what it is a number of. */
export interface MeasurementRecord {
  readonly configurationId: Digest
  readonly perturbation: Perturbation
  /** The perturb-and-evaluate execution that generated the outcomes. */
  readonly stageKey: Digest
  readonly outcomesDigest: Digest
  /**
   * The evaluator's label as the facts of the outcomes have it. It may say more than the perturbation does, such as
   * that the images were archived. The perturbation's own label where it is absent.
   */
  readonly evaluator?: string
  /** Reasons to doubt the number, as the facts of the outcomes have them. */
  readonly flags?: readonly EvaluationFlag[]
  readonly correct: number
  readonly total: number
}

/** The identity of a measurement: what was measured, how, and by which execution. */
export function measurementId(
  record: Pick<MeasurementRecord, 'configurationId' | 'perturbation' | 'stageKey'>,
): Digest {
  return measurementIdOf({ ...record, perturbationKey: perturbationKey(record.perturbation) })
}

/** The identity of a measurement by the key of its perturbation. */
export function measurementIdOf(row: {
  readonly configurationId: Digest
  readonly perturbationKey: Digest
  readonly stageKey: Digest
}): Digest {
  const { configurationId, perturbationKey: perturbation, stageKey } = row
  return digestOf({ configuration: configurationId, perturbation, stageKey })
}

/**
 * Records numbers and returns their ids; recording one again confirms it. Outcomes never change, so another count of
 * the same outcomes is refused.
 */
export async function recordMeasurements(db: LedgerDatabase, records: readonly MeasurementRecord[]): Promise<Digest[]> {
  if (records.length === 0) return []
  await requireOutcomes(db, records)
  const rows = records.map((record) => {
    const { perturbation: how, evaluator = evaluatorLabel(how), flags = [], ...counted } = record
    return { ...counted, id: measurementId(record), perturbationKey: perturbationKey(how), evaluator, flags }
  })
  const perturbations = perturbationRows(records.map((record) => record.perturbation))
  const known = db.insert(perturbation).values(perturbations).onConflictDoNothing()
  const stored = db
    .insert(measurement)
    .values(sortedBy(rows, (row) => row.id))
    .onConflictDoUpdate({ target: measurement.id, set: { confirmedAt: sql`clock_timestamp()` } })
  const { rows: standing } = await db.execute<Pick<MeasurementRecord, 'correct' | 'total'> & { id: Digest }>(
    sql`with known as ${known} ${stored.getSQL()} returning id, correct, total`,
  )
  const counts = new Map(standing.map((row) => [row.id, row]))
  for (const { id, outcomesDigest, correct, total } of rows) {
    const known = counts.get(id)
    if (known?.correct !== correct || known.total !== total)
      throw new LineageBroken(
        `Outcomes ${outcomesDigest} were counted as ${known?.correct} of ${known?.total} before and as ${correct} of ${total} now; find which count is wrong.`,
      )
  }
  return rows.map(({ id }) => id)
}

/** Refuses numbers whose outcomes no fulfilled evaluation generated, since they could not be computed again. */
async function requireOutcomes(db: LedgerDatabase, records: readonly MeasurementRecord[]): Promise<void> {
  const keys = new Set(records.map(({ stageKey }) => stageKey))
  const generated = await db
    .select({ stageKey: execution.stageKey, digest: executionArtifact.digest })
    .from(executionArtifact)
    .innerJoin(execution, eq(execution.stageKey, executionArtifact.stageKey))
    .where(
      and(
        isAnyOf(executionArtifact.stageKey, keys),
        eq(executionArtifact.direction, 'generated'),
        eq(execution.stage, 'perturb-and-evaluate'),
      ),
    )
  const found = new Set(generated.map(({ stageKey, digest }) => `${stageKey} ${digest}`))
  for (const { stageKey, outcomesDigest } of records)
    if (!found.has(`${stageKey} ${outcomesDigest}`))
      throw new LineageBroken(
        `No fulfilled perturb-and-evaluate with key ${stageKey} generated outcomes ${outcomesDigest}; record its fulfilment before its measurement.`,
      )
}

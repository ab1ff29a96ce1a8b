import { and, eq, sql } from 'drizzle-orm'
import { digestOf, evaluatorLabel, type Digest, type Perturbation } from '@gauntlet/study'
import { LineageBroken } from './lineage-broken.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { perturbationKey, recordPerturbations } from '../studies/record-study.ts'
import { execution, executionArtifact, measurement } from '../schema/index.ts'
import type { MeasurementFlag } from '../schema/measurement.ts'

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
  readonly flags?: readonly MeasurementFlag[]
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
 * Records a number and returns its id; recording it again confirms it. Outcomes never change, so another count of the
 * same outcomes is refused.
 */
export async function recordMeasurement(db: LedgerDatabase, record: MeasurementRecord): Promise<Digest> {
  const { configurationId, stageKey, outcomesDigest, correct, total, flags = [] } = record
  const { evaluator = evaluatorLabel(record.perturbation) } = record
  return db.transaction(async (transaction) => {
    await requireOutcomes(transaction, stageKey, outcomesDigest)
    await recordPerturbations(transaction, [record.perturbation])
    const identity = {
      id: measurementId(record),
      configurationId,
      perturbationKey: perturbationKey(record.perturbation),
      stageKey,
    }
    const [stored] = await transaction
      .insert(measurement)
      .values({ ...identity, outcomesDigest, evaluator, flags, correct, total })
      .onConflictDoUpdate({ target: measurement.id, set: { confirmedAt: sql`clock_timestamp()` } })
      .returning()
    if (stored === undefined || stored.correct !== correct || stored.total !== total) {
      throw new LineageBroken(
        `Outcomes ${outcomesDigest} were counted as ${stored?.correct} of ${stored?.total} before and as ${correct} of ${total} now; find which count is wrong.`,
      )
    }
    return identity.id
  })
}

/** Refuses a number whose outcomes no fulfilled evaluation generated, since it could not be computed again. */
async function requireOutcomes(db: LedgerDatabase, stageKey: Digest, outcomesDigest: Digest): Promise<void> {
  const edge = and(
    eq(executionArtifact.stageKey, stageKey),
    eq(executionArtifact.direction, 'generated'),
    eq(executionArtifact.digest, outcomesDigest),
  )
  const [found] = await db
    .select({ stage: execution.stage })
    .from(executionArtifact)
    .innerJoin(execution, eq(execution.stageKey, executionArtifact.stageKey))
    .where(edge)
  if (found?.stage === 'perturb-and-evaluate') return
  throw new LineageBroken(
    `No fulfilled perturb-and-evaluate with key ${stageKey} generated outcomes ${outcomesDigest}; record its fulfilment before its measurement.`,
  )
}

import type { LedgerActivities, Measurement } from '@gauntlet/contract'
import { parseManifest } from '@gauntlet/datasets/manifest'
import { decodeOutcomes, tally } from '@gauntlet/evaluation/outcomes'
import { recordedKeysOf, recordMeasurement } from '@gauntlet/ledger'
import { configurationId } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'

/**
 * Counts the outcomes of each evaluation against the test images of the manifest, and records the counts. Without
 * exactly one outcome for each image there is no number.
 */
export function createAggregate({ db, store }: Dependencies): LedgerActivities['aggregate'] {
  return async ({ configuration, dataset, evaluated }) => {
    const manifest = parseManifest(await store.read(dataset.manifest!))
    const expected = manifest.splits.test.map(({ digest }) => digest)
    // A number belongs to the evaluation that made its outcomes, also where a bridge led to it.
    const recordedKeys = await recordedKeysOf(
      db,
      evaluated.map(({ stageKey }) => stageKey),
    )
    const measurements: Measurement[] = []
    for (const { perturbation, stageKey, outcomes } of evaluated) {
      const { outcomes: judged, facts } = decodeOutcomes(await store.read(outcomes))
      const { correct, total } = tally(judged, expected)
      await recordMeasurement(db, {
        configurationId: configurationId(configuration),
        perturbation,
        stageKey: recordedKeys.get(stageKey)!,
        outcomesDigest: outcomes.digest,
        evaluator: facts.evaluator,
        flags: facts.evidence.flags,
        correct,
        total,
      })
      measurements.push({ perturbation, correct, total })
    }
    return measurements
  }
}

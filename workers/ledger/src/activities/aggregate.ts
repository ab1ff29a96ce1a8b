import type { LedgerActivities } from '@gauntlet/contract'
import { parseManifest } from '@gauntlet/datasets/manifest'
import { decodeOutcomes, tally } from '@gauntlet/evaluation/outcomes'
import { recordedKeysOf, recordMeasurements } from '@gauntlet/ledger'
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
    const counted = await Promise.all(
      evaluated.map(async ({ perturbation, stageKey, outcomes }) => {
        const { outcomes: judged, facts } = decodeOutcomes(await store.read(outcomes))
        const { correct, total } = tally(judged, expected)
        return { perturbation, stageKey: recordedKeys.get(stageKey)!, outcomes, facts, correct, total }
      }),
    )
    await recordMeasurements(
      db,
      counted.map(({ outcomes, facts, ...number }) => ({
        ...number,
        configurationId: configurationId(configuration),
        outcomesDigest: outcomes.digest,
        evaluator: facts.evaluator,
        flags: facts.evidence.flags,
      })),
    )
    return counted.map(({ perturbation, correct, total }) => ({ perturbation, correct, total }))
  }
}

import { ArtifactCorrupt, ArtifactMissing, type ArtifactStore } from '@gauntlet/artifacts'
import { InvalidDataset } from '@gauntlet/datasets/invalid-dataset'
import { parseManifest } from '@gauntlet/datasets/manifest'
import { decodeOutcomes, OutcomesUnreadable } from '@gauntlet/evaluation/outcomes'
import type { MeasurementTrace } from '@gauntlet/ledger'

/** How many test images of a class were classified correctly. */
export interface ClassCount {
  readonly name: string
  readonly correct: number
  readonly total: number
}

/**
 * The count of each class behind a measurement, or a clause that says why there is none: its artifacts may have been
 * removed since, or an older Gauntlet made them.
 */
export async function classCounts(
  { executions, measurement }: Pick<MeasurementTrace, 'executions' | 'measurement'>,
  store: Pick<ArtifactStore, 'read'>,
): Promise<readonly ClassCount[] | string> {
  const manifest = executions.find(({ stage }) => stage === 'prepare-dataset')?.generated['manifest']
  if (!manifest) return 'its lineage has no manifest'
  try {
    const { classNames } = parseManifest(await store.read(manifest))
    const { outcomes } = decodeOutcomes(await store.read(measurement.outcomesDigest))
    return classNames.map((name, label) => {
      const own = outcomes.filter((outcome) => outcome.label === label)
      return { name, correct: own.filter(({ held }) => held).length, total: own.length }
    })
  } catch (error) {
    const isKnown = [ArtifactMissing, ArtifactCorrupt, InvalidDataset, OutcomesUnreadable].some(
      (type) => error instanceof type,
    )
    if (isKnown) return (error as Error).message
    throw error
  }
}

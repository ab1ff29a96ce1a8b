import {
  packCauses,
  packOutcomes,
  type ImageOutcomes,
  type OutcomesByDigest,
  type StudyNumbers,
} from '@gauntlet/analysis'
import type { ArtifactStore } from '@gauntlet/artifacts'
import { decodeOutcomes } from '@gauntlet/evaluation/outcomes'

/** What is read of outcomes, and who is told how far it got. */
export interface ReadOutcomesOptions {
  /** Whether what felled each image is kept too. It takes a byte an image; whether it held takes a bit. */
  readonly withCauses?: boolean
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Reads the outcomes behind the numbers of a study once, and packs them: an image is a bit, and what felled it a byte.
 * Images are in the order of the dataset's test split; outcomes over the same images share one list of their digests.
 * Of a claimed study there are none. Throws `ArtifactMissing` and `ArtifactCorrupt`.
 */
export async function readOutcomes(
  store: Pick<ArtifactStore, 'read'>,
  study: StudyNumbers,
  { withCauses = false, onProgress }: ReadOutcomesOptions = {},
): Promise<OutcomesByDigest> {
  const digests = new Set(
    study.rows.flatMap(({ origins }) =>
      Object.values(origins).flatMap((origin) => (origin.kind === 'measured' ? [origin.outcomesDigest] : [])),
    ),
  )
  const packed = new Map<string, ImageOutcomes>()
  const lists = new Map<string, readonly string[]>()
  for (const digest of digests) {
    const outcomes = decodeOutcomes(await store.read(digest)).outcomes.toSorted((a, b) => a.index - b.index)
    const list = outcomes.map(({ image }) => image)
    const name = list.join()
    if (!lists.has(name)) lists.set(name, list)
    packed.set(digest, {
      images: lists.get(name)!,
      held: packOutcomes(outcomes.map(({ held }) => held)),
      ...(withCauses ? { felledBy: packCauses(outcomes.map(({ felledBy }) => felledBy)) } : {}),
    })
    onProgress?.(packed.size, digests.size)
  }
  return packed
}

import {
  packCauses,
  packOutcomes,
  type ImageOutcomes,
  type OutcomesByDigest,
  type StudyNumbers,
} from '@gauntlet/analysis'
import { ArtifactMissing, type ArtifactStore } from '@gauntlet/artifacts'
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
 * Of a claimed study there are none, and those that the store lacks are left out: an export may have left them behind.
 * Throws `ArtifactCorrupt`.
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
  const pack = (bytes: Uint8Array): ImageOutcomes => {
    const outcomes = decodeOutcomes(bytes).outcomes.toSorted((a, b) => a.index - b.index)
    const list = outcomes.map(({ image }) => image)
    const name = list.join()
    if (!lists.has(name)) lists.set(name, list)
    return {
      images: lists.get(name)!,
      held: packOutcomes(outcomes.map(({ held }) => held)),
      ...(withCauses ? { felledBy: packCauses(outcomes.map(({ felledBy }) => felledBy)) } : {}),
    }
  }
  let done = 0
  for (const digest of digests) {
    const bytes = await bytesIfThere(store, digest)
    if (bytes) packed.set(digest, pack(bytes))
    onProgress?.(++done, digests.size)
  }
  return packed
}

async function bytesIfThere(store: Pick<ArtifactStore, 'read'>, digest: string): Promise<Uint8Array | null> {
  return store.read(digest).catch((error: unknown) => {
    if (error instanceof ArtifactMissing) return null
    throw error
  })
}

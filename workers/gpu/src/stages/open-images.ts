import { openDataset, parseManifest, type DatasetReader } from '@gauntlet/datasets'
import type { ArtifactsByRole } from '@gauntlet/study'
import type { StageContext } from '../bundles/bundle-protocol.ts'

/** The prepared dataset of a request, opened; closed again when `work` is done. */
export async function withImages<T>(
  { store }: StageContext,
  dataset: ArtifactsByRole,
  work: (images: DatasetReader) => Promise<T>,
): Promise<T> {
  const manifest = parseManifest(await store.read(dataset.manifest!))
  const images = openDataset(manifest, await store.localFile(dataset.images!))
  try {
    return await work(images)
  } finally {
    await images.close()
  }
}

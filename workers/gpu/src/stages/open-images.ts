import { openDataset, parseManifest, type DatasetReader } from '@gauntlet/datasets'
import type { ArtifactsByRole } from '@gauntlet/study'
import { join } from 'node:path'
import type { StageContext } from '../bundles/bundle-protocol.ts'

/** The prepared dataset of a request, opened; closed again when `work` is done. */
export async function withImages<T>(
  { store, cacheFolder }: StageContext,
  dataset: ArtifactsByRole,
  work: (images: DatasetReader) => Promise<T>,
): Promise<T> {
  const manifest = parseManifest(await store.read(dataset.manifest!))
  const decodedFolder = join(cacheFolder, 'decoded')
  const images = openDataset({ manifest, images: await store.localFile(dataset.images!), decodedFolder })
  try {
    return await work(images)
  } finally {
    await images.close()
  }
}

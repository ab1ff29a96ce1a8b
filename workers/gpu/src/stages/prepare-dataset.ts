import type { PrepareDatasetInput } from '@gauntlet/contract'
import { encodeManifest, packDataset } from '@gauntlet/datasets'
import { temporaryFolder } from '@gauntlet/files/temporary-folder'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Stage } from '../bundles/bundle-protocol.ts'
import { sourceReference } from './context.ts'

/**
 * A dataset from its source → split and subsampled → a manifest with a digest per image, and the images it points into.
 */
export const prepareDataset: Stage<PrepareDatasetInput> = async ({ input: { dataset } }, { store, fetchSource }) => {
  const file = await fetchSource(dataset.source, dataset.sha256)
  const folder = temporaryFolder('gauntlet-dataset-')
  try {
    const { manifest, imagesFile } = await packDataset(dataset, file, join(folder, 'images'))
    return {
      sources: { source: sourceReference(file, dataset.sha256) },
      generated: {
        manifest: await store.put(encodeManifest(manifest), 'application/json'),
        images: await store.putFile(imagesFile, 'application/octet-stream'),
      },
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

import type { StudyNumbers } from '@gauntlet/analysis'
import { parseManifest, type ManifestImage } from '@gauntlet/datasets/manifest'
import { traceMeasurement } from '@gauntlet/ledger'
import { encodePng } from '@gauntlet/pictures'
import type { ReportPicture } from '@gauntlet/report'
import { open } from 'node:fs/promises'
import type { LedgerSession } from '../stack/local-ledger.ts'

/** All pictures of a report together, in bytes: a report is to stay below 5 MB, and base64 adds a third. */
const byteBudget = 500_000

/**
 * Pictures of images of a study that ran, by digest, from the prepared datasets that its numbers came from. Images
 * beyond the budget, and those whose dataset is no longer in the store, have none.
 */
export async function readPictures(
  { db, store }: Pick<LedgerSession, 'db' | 'store'>,
  study: StudyNumbers,
  wanted: readonly { readonly image: string; readonly dataset: string }[],
): Promise<Map<string, ReportPicture>> {
  const pictures = new Map<string, ReportPicture>()
  let left = byteBudget
  for (const dataset of new Set(wanted.map((one) => one.dataset))) {
    const prepared = await preparedDataset(db, study, dataset)
    if (!prepared || (await store.verify(prepared.images.digest)) !== 'intact') continue
    const manifest = parseManifest(await store.read(prepared.manifest))
    const digests = new Set(wanted.filter((one) => one.dataset === dataset).map(({ image }) => image))
    const file = await open(await store.localFile(prepared.images))
    try {
      for (const image of manifest.splits.test.filter(({ digest }) => digests.has(digest))) {
        if (image.length > left) continue
        const { buffer } = await file.read(Buffer.alloc(image.length), 0, image.length, image.offset)
        left -= image.length
        pictures.set(image.digest, { url: dataUrl(image, buffer), alternative: `${dataset}, class ${image.label}` })
      }
    } finally {
      await file.close()
    }
  }
  return pictures
}

/** What prepare-dataset generated for the numbers of a dataset. */
async function preparedDataset(db: LedgerSession['db'], { rows }: StudyNumbers, dataset: string) {
  const origins = rows.filter((row) => row.dataset === dataset).flatMap((row) => Object.values(row.origins))
  const origin = origins.find(({ kind }) => kind === 'measured')
  if (origin?.kind !== 'measured') return null
  const { executions } = await traceMeasurement(db, origin.measurementId)
  const { manifest, images } = executions.find(({ stage }) => stage === 'prepare-dataset')?.generated ?? {}
  return manifest && images ? { manifest, images } : null
}

function dataUrl({ encoding, width, height }: ManifestImage, bytes: Buffer): string {
  const isPixels = encoding === 'rgb8'
  const file = isPixels ? Buffer.from(encodePng({ width, height, data: bytes })) : bytes
  return `data:image/${isPixels ? 'png' : encoding};base64,${file.toString('base64')}`
}

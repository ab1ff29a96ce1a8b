import { z } from 'zod'
import { readArchiveFiles } from './archive-file.ts'
import { readImageHeader } from './decode-image.ts'
import { sha256Of, type DatasetSource, type SourceEntry } from './dataset-source.ts'
import { InvalidDataset } from './invalid-dataset.ts'
import type { SplitName } from './manifest.ts'

const splitOfFolder: Readonly<Record<string, SplitName>> = {
  train: 'train',
  val: 'validation',
  test: 'test',
  test_common: 'testCommon',
}
const memberOfSplit = /(?:^|\/)(train|val|test|test_common)\/([^/]+)$/
const imageName = /\.(png|jpe?g)$/i
const metadataFile = /(?:^|\/)metadata\.json$/
const metadata = z.looseObject({ N: z.number().int().positive() })

/** What the first reading of an archive finds. */
interface ArchiveContents {
  /** By `<split folder>/<file name>`. */
  readonly images: Map<string, Omit<SourceEntry, 'label' | 'split'>>
  /** The label of each image, by the same key. */
  readonly labels: Map<string, number>
  classes: number | undefined
}

/**
 * Reads a `<dataset>_processed.tar.zst` of RobustGenBench: folders `train`, `val`, `test`, `test_common`, each with
 * images and a `labels.csv` (`filename,label`), and `metadata.json` with `N` classes. The archive is read twice as a
 * stream, first for what it contains and then for the images that are wanted.
 */
export async function readImageArchive(archive: string, classes: number): Promise<DatasetSource> {
  const found = await contentsOf(archive)
  if (found.classes !== undefined && found.classes !== classes) {
    throw new InvalidDataset(
      `The archive's metadata.json says ${found.classes} classes, the study file ${classes}; correct the study file.`,
    )
  }
  const keys = orderedKeys(found)
  const entries = keys.map((key): SourceEntry => ({
    ...found.images.get(key)!,
    label: found.labels.get(key)!,
    split: splitOf(key),
  }))
  checkCommon(entries)
  const positions = new Map(keys.map((key, position) => [key, position]))

  async function* images(chosen: ReadonlySet<number>) {
    const isChosen = (name: string) => chosen.has(positions.get(keyOf(name) ?? '') ?? -1)
    for await (const { name, bytes } of readArchiveFiles(archive, isChosen))
      yield [positions.get(keyOf(name)!)!, bytes] as const
  }
  return { entries, images }
}

/** `<split folder>/<file name>` of a member of a split's folder; undefined for other members. */
function keyOf(name: string): string | undefined {
  const match = memberOfSplit.exec(name)
  return match ? `${match[1]}/${match[2]}` : undefined
}

function splitOf(key: string): SplitName {
  return splitOfFolder[key.slice(0, key.indexOf('/'))]!
}

async function contentsOf(archive: string): Promise<ArchiveContents> {
  const found: ArchiveContents = { images: new Map(), labels: new Map(), classes: undefined }
  const isWanted = (name: string) => keyOf(name) !== undefined || metadataFile.test(name)
  for await (const { name, bytes } of readArchiveFiles(archive, isWanted)) {
    const key = keyOf(name)
    if (key === undefined) found.classes = parseMetadata(bytes)
    else if (key.endsWith('/labels.csv')) parseLabels(key, bytes, found.labels)
    else if (imageName.test(key)) addImage(key, bytes, found.images)
  }
  if (found.images.size === 0) {
    throw new InvalidDataset(
      'The archive holds no train/, val/ or test/ folder with images; give a <dataset>_processed.tar.zst of RobustGenBench.',
    )
  }
  return found
}

function addImage(key: string, bytes: Uint8Array, images: ArchiveContents['images']): void {
  if (images.has(key)) throw new InvalidDataset(`The archive holds ${key} twice; pack it again.`)
  const header = readImageHeader(bytes)
  if (!header) throw new InvalidDataset(`${key} in the archive is neither PNG nor JPEG; replace it.`)
  images.set(key, { ...header, digest: sha256Of(bytes), length: bytes.length })
}

function parseMetadata(bytes: Uint8Array): number {
  try {
    return metadata.parse(JSON.parse(new TextDecoder().decode(bytes))).N
  } catch {
    throw new InvalidDataset("The archive's metadata.json does not give the number of classes as N; pack it again.")
  }
}

function parseLabels(key: string, bytes: Uint8Array, labels: Map<string, number>): void {
  const folder = key.slice(0, key.indexOf('/'))
  const [head, ...lines] = new TextDecoder().decode(bytes).split(/\r?\n/)
  if (head?.replaceAll(' ', '') !== 'filename,label')
    throw new InvalidDataset(`${key} in the archive does not begin with "filename,label"; pack it again.`)
  for (const [i, line] of lines.entries()) {
    if (line === '') continue
    const match = /^([^,/\\]+),(\d{1,9})$/.exec(line.trim())
    if (!match)
      throw new InvalidDataset(`Line ${i + 2} of ${key} in the archive is not "filename,label"; pack it again.`)
    if (labels.has(`${folder}/${match[1]}`))
      throw new InvalidDataset(`${key} in the archive labels ${match[1]} twice; pack it again.`)
    labels.set(`${folder}/${match[1]}`, Number(match[2]))
  }
}

/**
 * The keys of all images, split by split and by file name, whatever the order in the archive. Every image must have a
 * label, and every label an image.
 */
function orderedKeys({ images, labels }: ArchiveContents): string[] {
  for (const key of images.keys())
    if (!labels.has(key)) throw new InvalidDataset(`${key} in the archive has no line in labels.csv; pack it again.`)
  for (const key of labels.keys())
    if (!images.has(key)) throw new InvalidDataset(`${key} is in labels.csv but not in the archive; pack it again.`)
  return [...images.keys()].toSorted()
}

/** Refuses a `test_common` that is not `test` image by image, as the two accuracies would be of different images. */
function checkCommon(entries: readonly SourceEntry[]): void {
  const labelsOf = (split: SplitName) => entries.filter((entry) => entry.split === split).map(({ label }) => label)
  const common = labelsOf('testCommon')
  if (common.length > 0 && common.join() !== labelsOf('test').join()) {
    throw new InvalidDataset(
      'test_common of the archive does not hold the images of test in the same order; pack it again.',
    )
  }
}

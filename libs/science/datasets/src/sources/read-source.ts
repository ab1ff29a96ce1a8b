import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { byCodePoint } from '@gauntlet/files'
import { mostClasses } from './class-names.ts'
import type { DatasetSource, PassedOver, SourceEntry } from './dataset-source.ts'
import { wrongSize } from '../images/decode-image.ts'
import { InvalidDataset } from '../invalid-dataset.ts'
import { classFolders } from './layouts/class-folders.ts'
import { labelledTable } from './layouts/labelled-table.ts'
import type { Labelling, Layout } from './layouts/layout.ts'
import { aircraft, caltech101, flowers102, pets, stanfordCars } from './layouts/published.ts'
import { robustGenBench } from './layouts/robust-gen-bench.ts'
import { readIdx } from './read-idx.ts'
import { readMnistPackage } from './read-mnist-package.ts'
import { readParquet } from './read-parquet.ts'
import { scanFiles, type Scan } from './scan-files.ts'
import { openFiles } from './source-files.ts'

/** The layouts of files, the most particular first. The first that fits labels the images. */
const layouts: readonly Layout[] = [
  robustGenBench,
  aircraft,
  flowers102,
  pets,
  stanfordCars,
  caltech101,
  labelledTable,
  classFolders,
]

const accepted =
  'a folder for each class (with or without train/, val/ and test/ around them), a CSV of paths and labels beside its images, either of them as .zip, .tar, .tar.gz or .tar.zst, Parquet with an image and a label column, or IDX files'

/**
 * Reads a source by what is in it. `classes`: how many the study says there are, where it says so; a source whose
 * labels are bare numbers may lack images of some. Throws `InvalidDataset`.
 */
export async function readSource(path: string, classes?: number): Promise<DatasetSource> {
  const status = await stat(path).catch(() => undefined)
  if (!status) throw new InvalidDataset(`There is no dataset at ${path}; fetch it first or name another source.`)
  if (!status.isFile() && !status.isDirectory())
    throw new InvalidDataset(`${path} is neither a file nor a folder; give ${accepted}.`)
  const source = withClasses(await recognised(path), classes)
  if (source.classNames.length < 2)
    throw new InvalidDataset(
      `${path} has ${source.classNames.length === 1 ? `one class alone (${source.classNames[0]})` : 'no labelled images'}, and a classifier needs two; give ${accepted}.`,
    )
  requireLabels(source)
  return source
}

async function recognised(path: string): Promise<DatasetSource> {
  if (await isParquet(path)) return readParquet([{ path, name: basename(path) }])
  const files = await openFiles(path)
  if (!files)
    throw new InvalidDataset(
      path.endsWith('.csv')
        ? `${path} is a table alone; name the folder that holds it and the images.`
        : `${path} is not a dataset this version reads; give ${accepted}.`,
    )
  const scan = await scanFiles(files)
  if (scan.parquet.length > 0) return withRest(await readParquet(scan.parquet), scan, [])
  const numbers = readMnistPackage(scan) ?? readIdx(scan, undefined)
  if (numbers) return numbers
  for (const layout of layouts) {
    const labelling = layout(scan)
    if (labelling) return sourceOf(labelling, scan)
  }
  throw new InvalidDataset(
    `${path} has ${scan.images.size} images, and neither folders nor a table that give their classes; give ${accepted}.`,
  )
}

async function isParquet(path: string): Promise<boolean> {
  if ((await stat(path)).isDirectory()) return false
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(new Uint8Array(4), 0, 4, 0)
    return new TextDecoder().decode(buffer) === 'PAR1'
  } finally {
    await file.close()
  }
}

/** Adds classes without images where the study has more than numbers that were found, and refuses other differences. */
function withClasses(source: DatasetSource, classes: number | undefined): DatasetSource {
  const { classNames } = source
  const areNumbers = classNames.every((name, label) => name === String(label))
  if (classes === undefined || classes === classNames.length) return source
  if (classes > mostClasses)
    throw new InvalidDataset(`The study file has ${classes} classes, more than ${mostClasses}; correct classes.`)
  if (areNumbers && classes > classNames.length)
    return { ...source, classNames: Array.from({ length: classes }, (_, label) => String(label)) }
  throw new InvalidDataset(
    `The source has ${classNames.length} classes (${classNames.slice(0, 5).join(', ')}${classNames.length > 5 ? ', …' : ''}), the study file ${classes}; set classes to ${classNames.length} or leave it out.`,
  )
}

/** Refuses a label that is none of the classes, which annotations may hold. */
function requireLabels({ entries, classNames }: DatasetSource): void {
  for (const { name, label } of entries)
    if (classNames[label] === undefined)
      throw new InvalidDataset(
        `${name} has the label ${label}, counted from 0, of ${classNames.length} classes; correct the label or the number of classes.`,
      )
}

/** The source of labelled images that lie in files. The files are read again when images are asked for. */
function sourceOf(labelling: Labelling, scan: Scan): DatasetSource {
  const entries: SourceEntry[] = []
  const unreadable: { name: string; wrong: string }[] = []
  for (const { name, split, label } of labelling.images) {
    const { header, digest, length } = scan.images.get(name)!
    const wrong = header
      ? wrongSize(header)
      : length === 0
        ? 'is empty'
        : `has no image that is read in ${length} bytes`
    if (wrong !== undefined) unreadable.push({ name, wrong })
    else if (header) entries.push({ ...header, name, split, label, digest, length })
  }
  refuseOtherCopies(entries)
  const positions = new Map(entries.map(({ name }, position) => [name, position]))
  async function* images(chosen: ReadonlySet<number>) {
    for await (const { name, bytes } of scan.source.files()) {
      const position = positions.get(name)
      if (position !== undefined && chosen.has(position)) yield [position, await bytes()] as const
    }
  }
  const { format, classNames, remarks = [] } = labelling
  const bare = { format, classNames, entries, images, unreadable, passedOver: [], remarks }
  return withRest(
    bare,
    scan,
    labelling.images.map(({ name }) => name),
  )
}

/** What of a scan is in no split, with the reasons. */
function withRest(source: DatasetSource, { source: files, images, others, tooLarge }: Scan, taken: readonly string[]) {
  const isTaken = new Set(taken)
  const left = [...images.keys()].filter((name) => !isTaken.has(name))
  const reasons: Readonly<Record<string, readonly string[]>> = {
    'hidden, or left behind by an operating system': [...files.leftBehind],
    'images to which the source gives no class': left,
    'neither image nor table': others,
    'larger than 64 MiB': tooLarge,
    'folders without files': [...files.emptyFolders],
  }
  const passedOver = Object.entries(reasons)
    .filter(([, names]) => names.length > 0)
    .map(([reason, names]): PassedOver => ({ reason, names: [...names].sort(byCodePoint) }))
  return { ...source, passedOver }
}

/** Refuses a `test_common` that is not `test` image by image, as the two accuracies would be of different images. */
function refuseOtherCopies(entries: readonly SourceEntry[]): void {
  const labelsOf = (split: SourceEntry['split']) =>
    entries.filter((entry) => entry.split === split).map(({ label }) => label)
  const common = labelsOf('testCommon')
  if (common.length > 0 && common.join() !== labelsOf('test').join())
    throw new InvalidDataset(
      'test_common of the source does not hold the images of test in the same order; pack it again.',
    )
}

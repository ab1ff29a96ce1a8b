import { open, type FileHandle } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { decompress } from 'fzstd'
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet'
import { remarksOnNumbers, sortedClasses, splitNamed } from './class-names.ts'
import { sha256Of, type DatasetSource, type SourceEntry } from './dataset-source.ts'
import { wrongSize } from '../images/decode-image.ts'
import { readImageHeader } from '../images/image-header.ts'
import { InvalidDataset } from '../invalid-dataset.ts'
import type { SplitName } from '../manifest.ts'

/** A Parquet file of images: where it is, and what it is called in the source. */
export interface ParquetFile {
  readonly path: string
  readonly name: string
}

/** A row: the bytes of an image, and its label: the class's name where the file has it, else as it is written. */
interface Row {
  readonly name: string
  readonly bytes: Uint8Array
  readonly label: string
}

/** The columns of images and labels, and the classes where the file names them. */
interface Columns {
  readonly image: string
  readonly label: string
  readonly classNames: readonly string[] | undefined
}

/** Bytes of one page of a column. Those of the hub have about a megabyte. */
const largestPage = 2 ** 30

const compressors = {
  GZIP: (input: Uint8Array, length: number) => gunzipSync(input, { maxOutputLength: Math.min(length, largestPage) }),
  ZSTD: (input: Uint8Array, length: number) => {
    if (length > largestPage) throw new Error(`a page of ${length} bytes`)
    return decompress(input, new Uint8Array(length))
  },
}

/**
 * Reads Parquet files with an image and a label column, as the Hugging Face hub serves datasets: images as `{ bytes,
 * path }` or as bytes, labels as numbers whose names the metadata has (`ClassLabel`), or as texts. Files may number the
 * same names in different ways. The split of a file is in its name (`train-00000-of-00002.parquet`) or in that of its
 * folder.
 */
export async function readParquet(files: readonly ParquetFile[]): Promise<DatasetSource> {
  const found: { readonly entry: Omit<SourceEntry, 'label'>; readonly label: string }[] = []
  const unreadable: { name: string; wrong: string }[] = []
  const named = new Set<string>()
  for (const file of files) {
    for await (const { row, columns } of rowsOf(file)) {
      for (const className of columns.classNames ?? []) named.add(className)
      const header = await readImageHeader(row.bytes)
      const wrong = header ? wrongSize(header) : `has no image in ${row.bytes.length} bytes`
      if (wrong !== undefined) unreadable.push({ name: row.name, wrong })
      else if (header)
        found.push({
          entry: {
            ...header,
            name: row.name,
            split: splitOf(file.name),
            digest: sha256Of(row.bytes),
            length: row.bytes.length,
          },
          label: row.label,
        })
    }
  }
  const classNames = named.size > 0 ? [...named] : sortedClasses(found.map(({ label }) => label))
  const labels = new Map(classNames.map((name, i) => [name, i]))
  const entries = found.map(({ entry, label }) => ({
    ...entry,
    label: labels.get(label) ?? refuseLabel(entry.name, label),
  }))
  const positions = new Map(entries.map(({ name }, position) => [name, position]))
  async function* images(chosen: ReadonlySet<number>) {
    for (const file of files)
      for await (const { row } of rowsOf(file)) {
        const position = positions.get(row.name)
        if (position !== undefined && chosen.has(position)) yield [position, row.bytes] as const
      }
  }
  const remarks = named.size > 0 ? [] : remarksOnNumbers(classNames)
  return { format: 'Parquet files', classNames, entries, images, unreadable, passedOver: [], remarks }
}

function refuseLabel(name: string, label: string): never {
  throw new InvalidDataset(
    `${name} has the label ${label}, which is no class that the files name; name the classes in every file.`,
  )
}

/**
 * The split that a file's name gives, else the folder nearest to it that gives one. A name with the words of several
 * splits (`train_test.parquet`) gives none.
 */
function splitOf(name: string): SplitName | null {
  const perPart = name.split('/').map((part) => {
    const words = part.match(/test_common(?![^\s\-._])|[^\s\-._]+/gi) ?? []
    return new Set(words.map(splitNamed).filter((split) => split !== undefined))
  })
  const [split] = perPart.findLast(({ size }) => size === 1) ?? []
  return split ?? null
}

async function* rowsOf({ path, name }: ParquetFile) {
  const file = await open(path, 'r')
  try {
    const buffer = await bufferOf(file)
    const metadata = await parquetMetadataAsync(buffer)
    const columns = columnsOf(metadata, name)
    let rowStart = 0
    for (const { num_rows: count } of metadata.row_groups) {
      const rowEnd = rowStart + Number(count)
      const options = { file: buffer, metadata, columns: [columns.image, columns.label], compressors, utf8: false }
      const rows = await parquetReadObjects({ ...options, rowStart, rowEnd })
      for (const [i, values] of rows.entries())
        yield { columns, row: rowIn(values as Record<string, unknown>, columns, `${name} row ${rowStart + i + 1}`) }
      rowStart = rowEnd
    }
  } catch (error) {
    if (error instanceof InvalidDataset || (error as NodeJS.ErrnoException).syscall) throw error
    throw new InvalidDataset(`${name} is not a readable Parquet file (${(error as Error).message}); fetch it again.`)
  } finally {
    await file.close()
  }
}

async function bufferOf(file: FileHandle): Promise<AsyncBuffer> {
  const { size } = await file.stat()
  return {
    byteLength: size,
    async slice(start, end = size) {
      const buffer = new ArrayBuffer(Math.max(0, Math.min(end, size) - start))
      await file.read(new Uint8Array(buffer), 0, buffer.byteLength, start)
      return buffer
    },
  }
}

function rowIn(values: Record<string, unknown>, { image, label, classNames }: Columns, name: string): Row {
  const cell = values[image]
  const bytes = cell instanceof Uint8Array ? cell : (cell as { bytes?: unknown } | null)?.bytes
  const written = values[label]
  if (!(bytes instanceof Uint8Array))
    throw new InvalidDataset(`${name} has no image bytes in ${image}; give a file that holds the images themselves.`)
  if (written === null || written === undefined) throw new InvalidDataset(`${name} has no label; remove or label it.`)
  const text = written instanceof Uint8Array ? new TextDecoder().decode(written) : String(written as string | number)
  return { name, bytes, label: classNames ? (classNames[Number(text)] ?? refuseLabel(name, text)) : text }
}

type Features = Readonly<Record<string, { readonly _type?: string; readonly names?: readonly string[] }>>

/** Finds the columns by the hub's metadata (`huggingface` → `info.features`), else by their usual names. */
function columnsOf({ schema, key_value_metadata: pairs }: FileMetaData, name: string): Columns {
  const top = topColumns(schema)
  const features = featuresIn(pairs?.find(({ key }) => key === 'huggingface')?.value)
  const typed = (type: string) => top.filter((column) => features[column]?.['_type'] === type)
  const called = (...names: string[]) => names.find((each) => top.includes(each))
  const image = typed('Image')[0] ?? called('image', 'img', 'images', 'picture', 'pixel_values')
  const classes = typed('ClassLabel')
  const label = classes.includes('label')
    ? 'label'
    : (classes[0] ?? called('label', 'labels', 'class', 'category', 'target'))
  if (image === undefined || label === undefined)
    throw new InvalidDataset(
      `${name} has the columns ${top.join(', ')}, and so no ${image === undefined ? 'image' : 'label'}; rename the column to ${image === undefined ? 'image' : 'label'}.`,
    )
  const classNames = features[label]?.names
  if (classNames && new Set(classNames).size !== classNames.length)
    throw new InvalidDataset(`${name} names two classes alike; give each class of ${label} a name of its own.`)
  return { image, label, classNames }
}

/** The names of the columns that are in no other column. */
function topColumns([root, ...rest]: FileMetaData['schema']): string[] {
  const names: string[] = []
  const skip = (at: number): number => {
    let next = at + 1
    for (let child = 0; child < (rest[at]?.num_children ?? 0); child++) next = skip(next)
    return next
  }
  for (let at = 0, column = 0; column < (root?.num_children ?? 0) && at < rest.length; column++) {
    names.push(rest[at]!.name)
    at = skip(at)
  }
  return names
}

function featuresIn(text: string | undefined): Features {
  try {
    return (JSON.parse(text ?? '{}') as { info?: { features?: Features } }).info?.features ?? {}
  } catch {
    return {}
  }
}

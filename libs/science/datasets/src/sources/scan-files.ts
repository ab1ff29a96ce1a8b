import type { Digest } from '@gauntlet/study'
import { sha256Of } from './dataset-source.ts'
import { readImageHeader, type ImageHeader } from '../images/image-header.ts'
import type { ParquetFile } from './read-parquet.ts'
import { largestFile, type SourceFiles } from './source-files.ts'

/** A file that holds an image, or should by its name. */
export interface ScannedImage {
  readonly name: string
  /** SHA-256 and number of its bytes. */
  readonly digest: Digest
  readonly length: number
  /** Undefined where the content is not that of an image. */
  readonly header: ImageHeader | undefined
}

/** What the files of a source are. */
export interface Scan {
  readonly source: SourceFiles
  /** By name. */
  readonly images: ReadonlyMap<string, ScannedImage>
  /** The content of tables and annotations, by name. */
  readonly tables: ReadonlyMap<string, Uint8Array>
  /** Parquet files that lie in a folder, of any size, since they are read row by row. */
  readonly parquet: readonly ParquetFile[]
  /** Names of files that are none of these. */
  readonly others: readonly string[]
  /** Names of files that are larger than an image or a table may be. */
  readonly tooLarge: readonly string[]
}

const imageName = /\.(?:png|jpe?g|jpe|jfif|webp|gif|tiff?|bmp|ppm|pgm|avif|heic)$/i
const tableName = /\.(?:csv|tsv|txt|mat|json)$|-idx[13]-ubyte(?:\.gz)?$/i

/** Reads every file of a source once: the headers and digests of images, and the whole of tables. */
export async function scanFiles(source: SourceFiles): Promise<Scan> {
  const images = new Map<string, ScannedImage>()
  const tables = new Map<string, Uint8Array>()
  const parquet: ParquetFile[] = []
  const others: string[] = []
  const tooLarge: string[] = []
  for await (const { name, size, path, bytes } of source.files()) {
    if (path !== undefined && name.endsWith('.parquet')) parquet.push({ name, path })
    else if (size > largestFile) tooLarge.push(name)
    else if (tableName.test(name)) tables.set(name, await bytes())
    else if (name.endsWith('.parquet')) others.push(name)
    else {
      const content = await bytes()
      const header = await readImageHeader(content)
      if (header === undefined && !imageName.test(name)) others.push(name)
      else images.set(name, { name, digest: sha256Of(content), length: content.length, header })
    }
  }
  return { source, images, tables, parquet, others, tooLarge }
}

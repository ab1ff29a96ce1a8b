import { createReadStream } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  byCodePoint,
  isLeftBehind,
  plainName,
  readTar,
  readZipDirectory,
  readZipMember,
  walkFolder,
  withBytesOfFile,
  type TarLimits,
} from '@gauntlet/files'
import { unpacked } from './decompress.ts'
import { InvalidDataset } from '../invalid-dataset.ts'

/** A file of a folder or an archive. In an archive its content must be taken before the next file is asked for. */
export interface SourceFile {
  /** Relative, in NFC, with `/`, free of `.` and `..`. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Where it lies, in a folder; there the name may have another form of Unicode. */
  readonly path?: string
  bytes(): Promise<Uint8Array>
}

/** The files of a source, whether they lie in a folder or in an archive. */
export interface SourceFiles {
  /** Where the source is. */
  readonly path: string
  readonly kind: 'folder' | 'archive'
  /** Every file but those that are left behind, one at a time; in a folder and in a zip archive by name. */
  files(): AsyncGenerator<SourceFile>
  /** What systems left behind in it, and its folders without files, as far as `files` has come. */
  readonly leftBehind: ReadonlySet<string>
  readonly emptyFolders: ReadonlySet<string>
}

/** Bytes of the largest image or table that is read. The largest of the study's has 5 MB. */
export const largestFile = 64 * 2 ** 20

/**
 * Many times the largest dataset of the study, which has about 2 GB in 24,000 images. Archives inside an archive may be
 * larger than an image; what is no archive is refused when its content is taken.
 */
const limits: TarLimits = { members: 2_000_000, memberBytes: 16 * 2 ** 30, totalBytes: 256 * 2 ** 30 }

/**
 * The archives inside the published form of a dataset, which are read as if they were unpacked where they lie. Other
 * archives inside a source are files like any other, since one may be a copy of what lies beside it.
 */
const innerArchives: ReadonlySet<string> = new Set([
  '101_ObjectCategories.tar.gz', // Caltech-101
  '102flowers.tgz',
  'images.tar.gz', // Oxford-IIIT Pet
  'annotations.tar.gz',
  'cars_train.tgz', // Stanford Cars
  'cars_test.tgz',
  'car_devkit.tgz',
])

type Chunks = AsyncIterable<Uint8Array>

/** Opens a folder, a zip archive or a tar archive, compressed or not. Other files give null. */
export async function openFiles(path: string): Promise<SourceFiles | null> {
  const left = { leftBehind: new Set<string>(), emptyFolders: new Set<string>() }
  if ((await stat(path)).isDirectory())
    return { path, kind: 'folder', ...left, files: () => expanded(folderFiles(path, left), left) }
  const kind = await archiveKind(path)
  if (kind === null) return null
  const members = kind === 'zip' ? () => zipFiles(path) : () => tarFiles(createReadStream(path))
  return { path, kind: 'archive', ...left, files: () => expanded(members(), left) }
}

async function archiveKind(path: string): Promise<'zip' | 'tar' | null> {
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(new Uint8Array(512), 0, 512, 0)
    const text = (start: number, end: number) => String.fromCharCode(...buffer.subarray(start, end))
    if (text(0, 4) === 'PK\x03\x04' || text(0, 4) === 'PK\x05\x06') return 'zip'
    const isCompressed = text(0, 2) === '\x1f\x8b' || text(0, 4) === '\x28\xb5\x2f\xfd'
    return isCompressed || text(257, 262) === 'ustar' ? 'tar' : null
  } finally {
    await file.close()
  }
}

/** A file with its content in pieces, of which archives inside an archive are read. */
interface Member extends SourceFile {
  pieces(): Chunks
}

interface Left {
  readonly leftBehind: Set<string>
  readonly emptyFolders: Set<string>
}

async function* expanded(members: AsyncIterable<Member>, left: Left): AsyncGenerator<SourceFile> {
  const seen = new Set<string>()
  const announced = (name: string) => {
    if (seen.has(name)) refuse(`it has ${JSON.stringify(name)} twice`)
    seen.add(name)
  }
  for await (const member of members) {
    const name = plainName(member.name)
    if (isLeftBehind(name)) left.leftBehind.add(name)
    else if (innerArchives.has(basename(name))) {
      const folder = name.slice(0, -basename(name).length)
      for await (const inner of tarFiles(member.pieces())) {
        const innerName = folder + plainName(inner.name)
        if (isLeftBehind(innerName)) left.leftBehind.add(innerName)
        else {
          announced(innerName)
          yield { ...inner, name: innerName }
        }
      }
    } else {
      announced(name)
      yield { ...member, name }
    }
  }
}

async function* folderFiles(path: string, left: Left): AsyncGenerator<Member> {
  const { files, passedOver, emptyFolders } = walkFolder(path, (wrong) => {
    throw new InvalidDataset(`${path} cannot be read as a dataset: ${wrong}; mend it or name another folder.`)
  })
  for (const name of passedOver) left.leftBehind.add(name)
  for (const name of emptyFolders) left.emptyFolders.add(name)
  for (const file of files) {
    const { size } = await stat(file.path)
    yield { ...file, size, bytes: () => readFile(file.path), pieces: () => createReadStream(file.path) }
  }
}

async function* zipFiles(path: string): AsyncGenerator<Member> {
  const members = withBytesOfFile(path, (source) => readZipDirectory(source, refuse), refuse)
  for (const member of [...members.values()].sort((a, b) => byCodePoint(a.name, b.name))) {
    const pieces = () => readZipMember(path, member, refuse)
    const bytes = async () => {
      requireSmall(member)
      const parts: Uint8Array[] = []
      for await (const part of pieces()) parts.push(part)
      return new Uint8Array(Buffer.concat(parts))
    }
    yield { name: member.name, size: member.size, bytes, pieces }
  }
}

async function* tarFiles(chunks: Chunks): AsyncGenerator<Member> {
  for await (const { name, size, bytes, pieces } of readTar(unpacked(chunks), { limits, refuse })) {
    const checked = () => {
      requireSmall({ name, size })
      return bytes()
    }
    yield { name, size, bytes: checked, pieces }
  }
}

function requireSmall({ name, size }: { readonly name: string; readonly size: number }): void {
  if (size > largestFile) refuse(`its member ${JSON.stringify(name)} has ${size} bytes, more than ${largestFile}`)
}

function refuse(wrong: string): never {
  throw new InvalidDataset(
    `The dataset archive cannot be read: ${wrong}; fetch it again, or pack it anew with regular files under plain relative names.`,
  )
}

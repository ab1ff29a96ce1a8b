import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { constants, crc32, createDeflateRaw } from 'node:zlib'
import { writeBeside } from './write-atomically.mjs'

/** A file of an archive that is to be written. */
export interface ZipSource {
  /** Relative, with `/`. */
  readonly name: string
  readonly content: Uint8Array | AsyncIterable<Uint8Array>
  /** Without compression, for what is dense already. */
  readonly stored?: boolean
}

/** A file is larger than a member of an archive can be here. Leaving it out helps. */
export class ArchiveTooLarge extends Error {
  override readonly name = 'ArchiveTooLarge'
}

interface Written {
  readonly name: Buffer
  readonly method: 0 | 8
  readonly crc: number
  readonly compressedSize: number
  readonly size: number
  readonly header: number
}

/** What the fields of 16 and of 32 bits can say; all ones stand for a field of 64 bits elsewhere. */
const classic = { members: 0xfffe, bytes: 0xfffffffe }

/** APPNOTE.TXT 6.3.10: the flag for names in UTF-8, and 1980-01-01 as every member's day. */
const [utf8Name, firstDay] = [0x0800, 0x21]

/** Versions of the format that a reader must know: of directories and compression, and of zip64. */
const [version, zip64Version] = [20, 45]

/**
 * Writes a zip archive, atomically as `writeAtomically`: members are compressed as they come and never held. The same
 * members make the same bytes. More than 65,534 of them, or more than 4 GiB, are written as zip64; one member has at
 * most 4 GiB. `limits` are those of archives without zip64, which only tests lower. Throws `ArchiveTooLarge` and
 * `DiskFull`.
 */
export async function writeZip(
  path: string,
  members: AsyncIterable<ZipSource> | Iterable<ZipSource>,
  limits = classic,
): Promise<void> {
  await writeBeside(path, 0o644, (file) => writeArchive(file, members, limits))
}

async function writeArchive(
  file: FileHandle,
  members: AsyncIterable<ZipSource> | Iterable<ZipSource>,
  limits: typeof classic,
): Promise<void> {
  const written: Written[] = []
  let end = 0
  for await (const member of members) {
    const entry = await writeMember(file, member, end)
    written.push(entry)
    end += 30 + entry.name.length + entry.compressedSize
  }
  const directory = Buffer.concat(written.map((entry) => directoryEntry(entry, limits)))
  const whole = { members: written.length, directory: directory.length, offset: end }
  const isLarge = whole.members > limits.members || Math.max(whole.directory, whole.offset) > limits.bytes
  await writeAt(file, Buffer.concat([directory, isLarge ? largeEnd(whole) : endRecord(whole)]), end)
}

/** How many members an archive has, and the length and the place of its directory. */
interface Whole {
  readonly members: number
  readonly directory: number
  readonly offset: number
}

/** The record at the end of an archive (4.3.16). */
function endRecord({ members, directory, offset }: Whole): Buffer {
  const record = Buffer.alloc(22)
  record.writeUInt32LE(0x06054b50, 0)
  record.writeUInt16LE(members, 8)
  record.writeUInt16LE(members, 10)
  record.writeUInt32LE(directory, 12)
  record.writeUInt32LE(offset, 16)
  return record
}

/** The records at the end of a zip64 archive (4.3.14, 4.3.15), and the classic one, which says to look there. */
function largeEnd({ members, directory, offset }: Whole): Buffer {
  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(44n, 4) // bytes that follow this field
  record.writeUInt16LE((3 << 8) | zip64Version, 12)
  record.writeUInt16LE(zip64Version, 14)
  for (const [at, value] of [members, members, directory, offset].entries())
    record.writeBigUInt64LE(BigInt(value), 24 + 8 * at)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(offset + directory), 8)
  locator.writeUInt32LE(1, 16) // disk in all
  return Buffer.concat([record, locator, endRecord({ members: 0xffff, directory: 0xffffffff, offset: 0xffffffff })])
}

/** The content first, and then in front of it the header with its sizes. */
async function writeMember(
  file: FileHandle,
  { name, content, stored = false }: ZipSource,
  header: number,
): Promise<Written> {
  const nameBytes = Buffer.from(name)
  const start = header + 30 + nameBytes.length
  let [size, crc, compressedSize] = [0, 0, 0]
  async function* counted() {
    for await (const piece of content instanceof Uint8Array ? [content] : content) {
      size += piece.length
      crc = crc32(piece, crc)
      yield piece
    }
  }
  for await (const piece of stored ? counted() : deflated(counted())) {
    await writeAt(file, piece, start + compressedSize)
    compressedSize += piece.length
    if (Math.max(size, compressedSize) > classic.bytes)
      throw new ArchiveTooLarge(`${name} has more than 4 GiB, which the archive cannot hold; leave it out.`)
  }
  const entry = { name: nameBytes, method: stored ? 0 : 8, crc, compressedSize, size, header } as const
  await writeAt(file, Buffer.concat([localHeader(entry), nameBytes]), header)
  return entry
}

function deflated(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const deflate = createDeflateRaw({ level: constants.Z_DEFAULT_COMPRESSION, chunkSize: 2 ** 18 })
  const source = Readable.from(pieces, { objectMode: true })
  source.on('error', (error) => deflate.destroy(error))
  return source.pipe(deflate)
}

function localHeader({ name, method, crc, compressedSize, size }: Written): Buffer {
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(version, 4)
  writeFields(header, 6, { method, crc, compressedSize, size })
  header.writeUInt16LE(name.length, 26)
  return header
}

/** The entry of a member; one that begins beyond the limit has its place in an extra field (4.5.3). */
function directoryEntry(
  { name, method, crc, compressedSize, size, header }: Written,
  { bytes }: typeof classic,
): Buffer {
  const isFar = header > bytes
  const extra = Buffer.alloc(isFar ? 12 : 0)
  if (isFar) {
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(8, 2)
    extra.writeBigUInt64LE(BigInt(header), 4)
  }
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE((3 << 8) | version, 4) // made on Unix, so that the mode below counts
  entry.writeUInt16LE(isFar ? zip64Version : version, 6)
  writeFields(entry, 8, { method, crc, compressedSize, size })
  entry.writeUInt16LE(name.length, 28)
  entry.writeUInt16LE(extra.length, 30)
  entry.writeUInt32LE((0o100644 << 16) >>> 0, 38)
  entry.writeUInt32LE(isFar ? 0xffffffff : header, 42)
  return Buffer.concat([entry, name, extra])
}

/** What both headers have in the same order. */
function writeFields(
  header: Buffer,
  at: number,
  { method, crc, compressedSize, size }: Pick<Written, 'method' | 'crc' | 'compressedSize' | 'size'>,
): void {
  header.writeUInt16LE(utf8Name, at)
  header.writeUInt16LE(method, at + 2)
  header.writeUInt16LE(firstDay, at + 6)
  header.writeUInt32LE(crc, at + 8)
  header.writeUInt32LE(compressedSize, at + 12)
  header.writeUInt32LE(size, at + 16)
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
}

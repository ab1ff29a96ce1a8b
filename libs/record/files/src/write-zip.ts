import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { constants, crc32, createDeflateRaw } from 'node:zlib'
import { diskFullOr } from './disk-full.mjs'
import { writeAtomically } from './write-atomically.mjs'

/** A file of an archive that is to be written. */
export interface ZipSource {
  /** Relative, with `/`. */
  readonly name: string
  readonly content: Uint8Array | AsyncIterable<Uint8Array>
  /** Without compression, for what is dense already. */
  readonly stored?: boolean
}

/** An archive would be larger than a zip archive can be without zip64, which readers here refuse. */
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

/** APPNOTE.TXT 6.3.10: fields of 16 and 32 bits, the flag for names in UTF-8, and 1980-01-01 as every member's day. */
const [mostMembers, mostBytes, utf8Name, firstDay] = [0xfffe, 0xfffffffe, 0x0800, 0x21]

/**
 * Writes a zip archive, atomically as `writeAtomically`: members are compressed as they come and never held. The same
 * members make the same bytes. Throws `ArchiveTooLarge` and `DiskFull`.
 */
export async function writeZip(path: string, members: AsyncIterable<ZipSource> | Iterable<ZipSource>): Promise<void> {
  try {
    await writeAtomically(`${path}.${randomUUID()}.tmp`, 0o644, async (file) => {
      await writeArchive(file, members)
      return path
    })
  } catch (error) {
    throw diskFullOr(error, path)
  }
}

async function writeArchive(file: FileHandle, members: AsyncIterable<ZipSource> | Iterable<ZipSource>): Promise<void> {
  const written: Written[] = []
  let end = 0
  for await (const member of members) {
    const entry = await writeMember(file, member, end)
    written.push(entry)
    end += 30 + entry.name.length + entry.compressedSize
    if (written.length > mostMembers || end > mostBytes) {
      throw new ArchiveTooLarge(
        `The archive would have more than ${mostMembers} files or 4 GiB; put fewer artifacts into it.`,
      )
    }
  }
  const directory = Buffer.concat(written.map(directoryEntry))
  const record = Buffer.alloc(22)
  record.writeUInt32LE(0x06054b50, 0)
  record.writeUInt16LE(written.length, 8)
  record.writeUInt16LE(written.length, 10)
  record.writeUInt32LE(directory.length, 12)
  record.writeUInt32LE(end, 16)
  await writeAt(file, Buffer.concat([directory, record]), end)
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
    if (size > mostBytes || compressedSize > mostBytes)
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
  header.writeUInt16LE(20, 4) // version 2.0 of the format
  writeFields(header, 6, { method, crc, compressedSize, size })
  header.writeUInt16LE(name.length, 26)
  return header
}

function directoryEntry({ name, method, crc, compressedSize, size, header }: Written): Buffer {
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE((3 << 8) | 20, 4) // made on Unix, so that the mode below counts
  entry.writeUInt16LE(20, 6)
  writeFields(entry, 8, { method, crc, compressedSize, size })
  entry.writeUInt16LE(name.length, 28)
  entry.writeUInt32LE((0o100644 << 16) >>> 0, 38)
  entry.writeUInt32LE(header, 42)
  return Buffer.concat([entry, name])
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

/**
 * Reads the zip archives of `torch.save` (PKWARE APPNOTE 6.3.10): files stored without compression or encryption, below
 * 4 GiB.
 */
import { ByteCursor } from './byte-cursor.ts'
import type { ByteSource } from './byte-source.ts'
import { quoted, refuse } from './checkpoint-unreadable.ts'

const endSignature = 0x06054b50
const centralSignature = 0x02014b50
const localSignature = 0x04034b50
const endSize = 22

/** The place of a file in the archive, in bytes. */
export interface StoredFile {
  readonly name: string
  readonly start: number
  readonly size: number
  /** Where the header in front of the file begins. */
  readonly header: number
}

/**
 * The archive's files by name. Refused are names that lead out of the archive, equal names, and files that overlap each
 * other or the directory.
 */
export function readStoredZip(source: ByteSource): Map<string, StoredFile> {
  const end = new ByteCursor(source, endOfDirectory(source) + 10)
  const [count, size, offset] = [end.uint16(), end.uint32(), end.uint32()]
  if (count === 0xffff || size === 0xffffffff || offset === 0xffffffff) refuse('it is a zip64 archive')
  const directory = new ByteCursor(source)
  directory.skip(offset)
  const files = new Map<string, StoredFile>()
  for (let i = 0; i < count; i++) {
    const file = readEntry(directory, source)
    if (files.has(file.name)) refuse(`its archive has ${quoted(file.name)} twice`)
    files.set(file.name, file)
  }
  refuseOverlaps([...files.values()], offset)
  return files
}

/** The start of the end-of-directory record, which is last in the file except for its own comment. */
function endOfDirectory({ size, read }: ByteSource): number {
  const first = Math.max(0, size - endSize - 0xffff)
  const tail = read(first, size - first)
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  for (let start = tail.byteLength - endSize; start >= 0; start--) {
    const comment = tail.byteLength - endSize - start
    if (view.getUint32(start, true) === endSignature && view.getUint16(start + 20, true) === comment)
      return first + start
  }
  return refuse('its zip archive has no end')
}

function readEntry(directory: ByteCursor, source: ByteSource): StoredFile {
  if (directory.uint32() !== centralSignature) refuse('its zip directory is damaged')
  directory.skip(4) // versions
  const [flags, method] = [directory.uint16(), directory.uint16()]
  if (flags & 1 || method !== 0) refuse('its zip archive is compressed or encrypted')
  directory.skip(8) // time, date, checksum
  const [packed, size] = [directory.uint32(), directory.uint32()]
  const [nameLength, extraLength, commentLength] = [directory.uint16(), directory.uint16(), directory.uint16()]
  directory.skip(8) // disk, attributes
  const start = directory.uint32()
  const name = directory.text(nameLength)
  directory.skip(extraLength + commentLength)
  if (packed !== size) refuse('its zip directory is damaged')
  if (name.split('/').includes('..') || /^\/|[\\\0]/.test(name))
    refuse(`its archive has ${quoted(name)}, which leads out of it`)
  return { name, start: contentAt(source, start, size, name), size, header: start }
}

/**
 * The start of a file's bytes, after the local header. That header must have the name of the directory, but its padding
 * may have another length.
 */
function contentAt(source: ByteSource, start: number, size: number, name: string): number {
  const local = new ByteCursor(source)
  local.skip(start)
  if (local.uint32() !== localSignature) refuse('its zip archive is damaged')
  local.skip(22)
  const [nameLength, extraLength] = [local.uint16(), local.uint16()]
  if (local.text(nameLength) !== name) refuse(`its archive calls ${quoted(name)} by another name where it lies`)
  local.skip(extraLength)
  return local.skip(size)
}

/** Refuses files that overlap. Small archives become large when a few bytes stand for many files. */
function refuseOverlaps(files: readonly StoredFile[], directory: number): void {
  let end = 0
  for (const { name, start, size, header } of [...files].sort((a, b) => a.header - b.header)) {
    if (header < end || start + size > directory) refuse(`its archive has ${quoted(name)} over something else`)
    end = start + size
  }
}

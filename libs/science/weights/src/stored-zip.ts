/**
 * The zip archives of `torch.save` (PKWARE APPNOTE 6.3.10): files stored without compression, no encryption, below 4
 * GiB.
 */
import { ByteCursor } from './byte-cursor.ts'
import type { ByteSource } from './byte-source.ts'
import { quoted, refuse } from './checkpoint-unreadable.ts'

const endSignature = 0x06054b50
const centralSignature = 0x02014b50
const localSignature = 0x04034b50
const endSize = 22

/** Where a file of the archive lies in it, in bytes. */
export interface StoredFile {
  readonly name: string
  readonly start: number
  readonly size: number
  /** Where its header begins, in front of it. */
  readonly header: number
}

/** The archive's files by name: no name that leads out, none twice, none over another or over the directory. */
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

/** Where the end-of-directory record starts: it is the last thing in the file but for a comment of its own. */
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

/** Behind the local header, whose padding may have a length of its own, but which must mean the same file. */
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

/** A few bytes that stand for many files are how small archives grow large. */
function refuseOverlaps(files: readonly StoredFile[], directory: number): void {
  let end = 0
  for (const { name, start, size, header } of [...files].sort((a, b) => a.header - b.header)) {
    if (header < end || start + size > directory) refuse(`its archive has ${quoted(name)} over something else`)
    end = start + size
  }
}

import { createReadStream } from 'node:fs'
import { PassThrough } from 'node:stream'
import { constants, crc32, createInflateRaw } from 'node:zlib'
import { memberName } from './member-name.mjs'
import { quoted } from './refuse.mjs'

/**
 * @typedef {import('./byte-source.mjs').ByteSource} ByteSource
 * @typedef {import('./refuse.mjs').Refuse} Refuse
 */

/**
 * A file of a zip archive.
 * @typedef {object} ZipMember
 * @property {string} name relative, with `/`, free of `.` and `..`
 * @property {0 | 8} method 0 stored, 8 deflate
 * @property {number} start where its content begins in the archive, in bytes
 * @property {number} compressedSize bytes
 * @property {number} size bytes
 * @property {number} crc
 */

/**
 * An entry of the directory.
 * @typedef {object} Entry
 * @property {ZipMember} member
 * @property {boolean} isFolder
 * @property {number} header where its local header begins
 */

/** Signatures and field offsets: APPNOTE.TXT 6.3.10, 4.3.7 (local header), 4.3.12 (directory) and 4.3.16 (end). */
const endSignature = 0x06054b50
const directorySignature = 0x02014b50
const localSignature = 0x04034b50
/** Of zip64: the end record (4.3.14), where it is (4.3.15), and the extra field of an entry (4.5.3). */
const largeEndSignature = 0x06064b50
const locatorSignature = 0x07064b50
const largeField = 1
const [largeEndSize, locatorSize] = [56, 20]
const endSize = 22
const entrySize = 46
const localSize = 30

/** Bytes. The directory is read as a whole; that of the largest wheel has about 2 MB. */
const largestDirectory = 64 * 2 ** 20
/** Deflate itself reaches 1,032. Real files stay far below. */
const largestRatio = 400
/** Bytes up to which a file may unpack by any ratio: small files of zeros are harmless. */
const smallFile = 2 ** 20

/**
 * The files of a zip archive by name, without its folders; their content is not read. Refuses what neither a wheel nor
 * a checkpoint of PyTorch has: encryption, links, two files of one name, names that lead out of the archive, files that
 * lie over one another or over the directory, and files that claim to unpack to absurd sizes.
 * @param {ByteSource} source
 * @param {Refuse} refuse
 * @param {number} [most] files and folders that the archive may have
 * @returns {Map<string, ZipMember>}
 */
export function readZipDirectory(source, refuse, most = Infinity) {
  const { count, offset, directory } = findDirectory(source, refuse)
  if (count > most) refuse(`it has ${count} files, more than ${most}`)
  /** @type {Entry[]} */
  const entries = []
  for (let at = 0; entries.length < count;) {
    if (at + entrySize > directory.length || directory.readUInt32LE(at) !== directorySignature)
      refuse('its zip directory is damaged')
    const [name = 0, extra = 0, comment = 0] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field))
    const next = at + entrySize + name + extra + comment
    if (next > directory.length) refuse('its zip directory is damaged')
    entries.push(parseEntry(directory.subarray(at, next), source, refuse))
    at = next
  }
  requireApart(entries, offset, refuse)
  return byName(entries, refuse)
}

/**
 * @param {readonly Entry[]} entries
 * @param {Refuse} refuse
 */
function byName(entries, refuse) {
  /** @type {Map<string, ZipMember>} */
  const members = new Map()
  for (const { member, isFolder } of entries) {
    if (isFolder) continue
    if (members.has(member.name)) refuse(`it has ${quoted(member.name)} twice`)
    members.set(member.name, member)
  }
  return members
}

/**
 * The directory, by the record at the end of the archive.
 * @param {ByteSource} source
 * @param {Refuse} refuse
 */
function findDirectory(source, refuse) {
  const { record, position } = findEnd(source, refuse)
  const classic = { count: record.readUInt16LE(10), size: record.readUInt32LE(12), offset: record.readUInt32LE(16) }
  const isLarge = classic.count === 0xffff || classic.size === 0xffffffff || classic.offset === 0xffffffff
  const large = isLarge ? findLargeEnd(source, position, refuse) : null
  const { count, size, offset } = large ?? classic
  if (offset + size > (large?.position ?? position)) refuse('its zip directory lies beyond its end')
  if (size > largestDirectory) refuse(`its zip directory has ${size} bytes, more than ${largestDirectory}`)
  return { count, offset, directory: bufferOf(source.read(offset, size)) }
}

/**
 * The end record of a zip64 archive, which is found by what is in front of the classic one.
 * @param {ByteSource} source
 * @param {number} end where the classic end record begins
 * @param {Refuse} refuse
 */
function findLargeEnd({ read }, end, refuse) {
  if (end < largeEndSize + locatorSize) refuse('its zip64 directory has no end')
  const locator = bufferOf(read(end - locatorSize, locatorSize))
  if (locator.readUInt32LE(0) !== locatorSignature) refuse('its zip64 directory has no end')
  const position = wholeNumber(locator, 8, refuse)
  if (position > end - locatorSize - largeEndSize) refuse('its zip64 directory has no end')
  const record = bufferOf(read(position, largeEndSize))
  if (record.readUInt32LE(0) !== largeEndSignature) refuse('its zip64 directory has no end')
  const [count = 0, size = 0, offset = 0] = [32, 40, 48].map((at) => wholeNumber(record, at, refuse))
  return { count, size, offset, position }
}

/**
 * A number of 64 bits.
 * @param {Buffer} bytes
 * @param {number} at
 * @param {Refuse} refuse
 */
function wholeNumber(bytes, at, refuse) {
  const value = Number(bytes.readBigUInt64LE(at))
  return Number.isSafeInteger(value) ? value : refuse('its zip directory is damaged')
}

/**
 * The record at the end of the archive: its last bytes, except for a comment whose length the record gives.
 * @param {ByteSource} source
 * @param {Refuse} refuse
 */
function findEnd({ size, read }, refuse) {
  const first = Math.max(0, size - endSize - 0xffff)
  const tail = bufferOf(read(first, size - first))
  for (let start = tail.length - endSize; start >= 0; start--) {
    const comment = tail.length - endSize - start
    if (tail.readUInt32LE(start) === endSignature && tail.readUInt16LE(start + 20) === comment)
      return { record: tail.subarray(start), position: first + start }
  }
  return refuse('its zip directory has no end')
}

/**
 * @param {Buffer} entry
 * @param {ByteSource} source
 * @param {Refuse} refuse
 * @returns {Entry}
 */
function parseEntry(entry, source, refuse) {
  const rawName = entry.subarray(entrySize, entrySize + entry.readUInt16LE(28))
  const written = decodeName(rawName, refuse)
  const name = memberName(written, refuse)
  const [flags, method, crc] = [entry.readUInt16LE(8), entry.readUInt16LE(10), entry.readUInt32LE(16)]
  const { compressedSize, size, header } = sizesOf(entry, name, refuse)
  const fileType = (entry.readUInt32LE(38) >>> 28) & 0xf // of st_mode, where the archive was made on Unix
  if (flags & 1) refuse(`its member ${quoted(name)} is encrypted`)
  if (fileType === 0xa) refuse(`its member ${quoted(name)} is a link`)
  if (method !== 0 && method !== 8) return refuse(`its member ${quoted(name)} is compressed by method ${method}`)
  if (method === 0 && size !== compressedSize) refuse(`its zip directory is damaged at ${quoted(name)}`)
  if (size > smallFile && size > compressedSize * largestRatio)
    refuse(`its member ${quoted(name)} claims to unpack to ${Math.round(size / compressedSize)} times its bytes`)
  const start = contentStart(source, header, rawName, refuse)
  return { member: { name, method, start, compressedSize, size, crc }, isFolder: written.endsWith('/'), header }
}

/**
 * The sizes and the place of a member. What has all ones in its field of 32 bits is in the extra field of zip64, in
 * this order.
 * @param {Buffer} entry
 * @param {string} name
 * @param {Refuse} refuse
 */
function sizesOf(entry, name, refuse) {
  const fields = { size: 24, compressedSize: 20, header: 42 }
  const found = { size: 0, compressedSize: 0, header: 0 }
  const extra = largeFieldOf(entry)
  let at = 0
  for (const field of /** @type {const} */ (['size', 'compressedSize', 'header'])) {
    found[field] = entry.readUInt32LE(fields[field])
    if (found[field] !== 0xffffffff) continue
    if (at + 8 > extra.length) refuse(`its zip directory is damaged at ${quoted(name)}`)
    found[field] = wholeNumber(extra, at, refuse)
    at += 8
  }
  return found
}

/**
 * The content of the extra field of zip64; empty where an entry has none.
 * @param {Buffer} entry
 */
function largeFieldOf(entry) {
  const begin = entrySize + entry.readUInt16LE(28)
  const extra = entry.subarray(begin, begin + entry.readUInt16LE(30))
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2))
    if (extra.readUInt16LE(at) === largeField) return extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2))
  return extra.subarray(0, 0)
}

/**
 * Where the content begins behind a local header. That header has an extra field of a length of its own, but must name
 * the same file as the directory.
 * @param {ByteSource} source
 * @param {number} header
 * @param {Uint8Array} name
 * @param {Refuse} refuse
 */
function contentStart(source, header, name, refuse) {
  if (header + localSize + name.length > source.size) refuse(`it ends early, at byte ${source.size}`)
  const local = bufferOf(source.read(header, localSize + name.length))
  if (local.readUInt32LE(0) !== localSignature) refuse('a member is not where its zip directory says')
  const [nameLength, extraLength] = [local.readUInt16LE(26), local.readUInt16LE(28)]
  if (nameLength !== name.length || Buffer.compare(local.subarray(localSize), name) !== 0)
    refuse(`its zip directory gives a member another name than the member itself has`)
  return header + localSize + nameLength + extraLength
}

/**
 * Refuses members that share bytes: a few bytes that stand for many files make a small archive unpack to a large one.
 * @param {readonly Entry[]} entries
 * @param {number} directory where it begins
 * @param {Refuse} refuse
 */
function requireApart(entries, directory, refuse) {
  let end = 0
  for (const { member, header } of [...entries].sort((a, b) => a.header - b.header)) {
    const { name, start, compressedSize } = member
    if (header < end || start + compressedSize > directory)
      refuse(`its member ${quoted(name)} lies over something else`)
    end = start + compressedSize
  }
}

/**
 * @param {Uint8Array} name
 * @param {Refuse} refuse
 */
function decodeName(name, refuse) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name)
  } catch {
    return refuse('it has a name that is not UTF-8')
  }
}

/** @param {Uint8Array} bytes */
function bufferOf({ buffer, byteOffset, byteLength }) {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/**
 * The content of a member, piece by piece. Refuses it at the end if it is not what the directory announces, and never
 * gives more than that.
 * @param {string} path of the archive
 * @param {ZipMember} member
 * @param {Refuse} refuse
 * @returns {AsyncGenerator<Buffer>}
 */
export async function* readZipMember(path, { name, method, start, compressedSize, size, crc }, refuse) {
  const end = start + Math.max(compressedSize, 1) - 1
  const raw = createReadStream(path, { start, end, highWaterMark: 2 ** 18 })
  const unpacked =
    method === 8 ? createInflateRaw({ chunkSize: 2 ** 18, finishFlush: constants.Z_SYNC_FLUSH }) : new PassThrough()
  raw.on('error', (error) => unpacked.destroy(error))
  let [unpackedSize, unpackedCrc] = [0, 0]
  try {
    for await (const chunk of compressedSize === 0 ? [] : raw.pipe(unpacked)) {
      unpackedSize += chunk.length
      if (unpackedSize > size) refuse(`its member ${quoted(name)} is longer than announced`)
      unpackedCrc = crc32(chunk, unpackedCrc)
      yield chunk
    }
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code?.startsWith('Z_'))
      refuse(`its member ${quoted(name)} does not unpack`)
    throw error
  } finally {
    raw.destroy()
    unpacked.destroy()
  }
  if (unpackedSize !== size || unpackedCrc !== crc) refuse(`its member ${quoted(name)} is damaged`)
}

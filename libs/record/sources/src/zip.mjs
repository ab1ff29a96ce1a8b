import { constants, createInflateRaw, crc32 } from 'node:zlib'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { UnusableSource } from './download-errors.mjs'
import { safeMemberName } from './safe-path.mjs'

/**
 * @typedef {object} ZipMember
 * @property {string} name
 * @property {number} method 0 stored, 8 deflate
 * @property {number} compressedSize bytes
 * @property {number} size bytes
 * @property {number} crc
 * @property {number} offset of the local header
 */

/** More than any wheel has; protects the memory. */
const mostMembers = 200_000
const mostDirectoryBytes = 64 * 2 ** 20
/** Deflate itself reaches 1,032; real files stay far below. */
const mostRatio = 400

/** Signatures and field offsets: APPNOTE.TXT 6.3.10, 4.3.7 (local header), 4.3.12 (directory) and 4.3.16 (end). */
const endSignature = 0x06054b50
const directorySignature = 0x02014b50
const localSignature = 0x04034b50

/**
 * The members of a zip file (a wheel is one) by name, without folders. Refuses what a wheel never has: encryption,
 * links, names that lead out, zip64, absurd sizes. @param {string} path @returns {Promise<Map<string, ZipMember>>}
 */
export async function readZip(path) {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const tail = await readAt(file, Math.max(0, size - 65_557), Math.min(size, 65_557))
    const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
    if (end < 0 || end + 22 > tail.length || tail.readUInt32LE(end) !== endSignature)
      throw broken(path, 'it has no directory')
    const [count, bytes, offset] = [
      tail.readUInt16LE(end + 10),
      tail.readUInt32LE(end + 12),
      tail.readUInt32LE(end + 16),
    ]
    if (count === 0xffff || offset === 0xffffffff) throw broken(path, 'it is a zip64 archive')
    if (bytes > mostDirectoryBytes || count > mostMembers || offset + bytes > size)
      throw broken(path, 'its directory is too large')
    return parseDirectory(await readAt(file, offset, bytes), count, path)
  } finally {
    await file.close()
  }
}

/** @param {Buffer} directory @param {number} count @param {string} path */
function parseDirectory(directory, count, path) {
  /** @type {Map<string, ZipMember>} */
  const members = new Map()
  for (let at = 0, i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== directorySignature)
      throw broken(path, 'its directory is damaged')
    const lengths = [28, 30, 32].map((field) => directory.readUInt16LE(at + field))
    const next = at + 46 + lengths.reduce((sum, length) => sum + length, 0)
    if (next > directory.length) throw broken(path, 'its directory is damaged')
    const name = safeMemberName(directory.toString('utf8', at + 46, at + 46 + Number(lengths[0])))
    if (!name.endsWith('/')) {
      if (members.has(name)) throw broken(path, `it has two members named ${name}`)
      members.set(name, parseMember(directory.subarray(at, next), name, path))
    }
    at = next
  }
  return members
}

/** @param {Buffer} entry @param {string} name @param {string} path @returns {ZipMember} */
function parseMember(entry, name, path) {
  const [flags, method, crc] = [entry.readUInt16LE(8), entry.readUInt16LE(10), entry.readUInt32LE(16)]
  const [compressedSize, size, offset] = [entry.readUInt32LE(20), entry.readUInt32LE(24), entry.readUInt32LE(42)]
  const fileType = (entry.readUInt32LE(38) >>> 28) & 0xf // of st_mode, when made on Unix
  if (flags & 1) throw broken(path, `${name} is encrypted`)
  if (fileType === 0xa) throw broken(path, `${name} is a link`)
  if (method !== 0 && method !== 8) throw broken(path, `${name} is compressed by method ${method}`)
  if (size === 0xffffffff || compressedSize === 0xffffffff) throw broken(path, `${name} is larger than 4 GB`)
  if (size > 2 ** 20 && size > compressedSize * mostRatio)
    throw broken(path, `${name} claims to grow ${Math.round(size / compressedSize)} times`)
  return { name, method, compressedSize, size, crc, offset }
}

/**
 * The bytes of a member, piece by piece; fails at the end if they are not those the directory announces, and never
 * gives more. @param {string} path @param {ZipMember} member @returns {AsyncGenerator<Buffer>}
 */
export async function* readZipMember(path, member) {
  const start = await dataOffset(path, member)
  const raw = createReadStream(path, {
    start,
    end: start + Math.max(member.compressedSize, 1) - 1,
    highWaterMark: 2 ** 18,
  })
  const unpacked =
    member.method === 8
      ? createInflateRaw({ chunkSize: 2 ** 18, finishFlush: constants.Z_SYNC_FLUSH })
      : new PassThrough()
  raw.on('error', (error) => unpacked.destroy(error))
  let [size, crc] = [0, 0]
  try {
    for await (const chunk of member.compressedSize === 0 ? [] : raw.pipe(unpacked)) {
      size += chunk.length
      if (size > member.size) throw broken(path, `${member.name} is longer than announced`)
      crc = crc32(chunk, crc)
      yield chunk
    }
  } catch (error) {
    throw /** @type {NodeJS.ErrnoException} */ (error).code?.startsWith('Z_')
      ? broken(path, `${member.name} does not unpack`)
      : error
  } finally {
    raw.destroy()
    unpacked.destroy()
  }
  if (size !== member.size || crc !== member.crc) throw broken(path, `${member.name} is damaged`)
}

/** @param {string} path @param {ZipMember} member */
async function dataOffset(path, { offset, name }) {
  const file = await open(path)
  try {
    const header = await readAt(file, offset, 30)
    if (header.readUInt32LE(0) !== localSignature) throw broken(path, `${name} is not where the directory says`)
    return offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
  } finally {
    await file.close()
  }
}

/** @param {import('node:fs/promises').FileHandle} file @param {number} position @param {number} length */
async function readAt(file, position, length) {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  if (bytesRead < length) throw new UnusableSource('The archive ends too early; delete it and fetch it again.')
  return buffer
}

/** @param {string} path @param {string} why */
function broken(path, why) {
  return new UnusableSource(`${path} cannot be used as a zip archive: ${why}; fetch it again or choose another source.`)
}

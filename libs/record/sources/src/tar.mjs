import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { UnusableSource } from './download-errors.mjs'
import { safeMemberName } from './safe-path.mjs'

/** POSIX ustar (pax, IEEE 1003.1): everything comes in blocks of 512 bytes. */
const block = 512
/** Longer extended headers than any package has. */
const mostHeaderBytes = 2 ** 20

/**
 * The bytes of one regular file of a gzipped tar archive (an npm package is one), piece by piece; at most `limit`
 * bytes. @param {string} path @param {string} wanted name of the member @param {number} [limit] @returns
 * {AsyncGenerator<Buffer>}
 */
export async function* readTarMember(path, wanted, limit = 8 * 2 ** 30) {
  const reader = blocksOf(path)
  try {
    for (let longName = ''; ;) {
      const header = await reader.take(block)
      if (!header || header.every((byte) => byte === 0)) break
      const { name, size, type } = parseHeader(header, path)
      if (type === 'x' || type === 'L') {
        longName = await readLongName(reader, size, type, path)
        continue
      }
      const isWanted = safeMemberName(longName || name) === wanted && (type === '0' || type === '\0')
      if (isWanted && size > limit) throw broken(path, `${wanted} has ${size} bytes, more than the ${limit} allowed`)
      for (let left = size; left > 0;) {
        const piece = await reader.take(Math.min(left, 2 ** 16))
        if (!piece) throw broken(path, 'it ends too early')
        left -= piece.length
        if (isWanted) yield piece
      }
      if (isWanted) return
      await reader.take((block - (size % block)) % block)
      longName = ''
    }
  } finally {
    await reader.close()
  }
  throw broken(path, `it has no file named ${wanted}`)
}

/** @param {Buffer} header @param {string} path */
function parseHeader(header, path) {
  const text = (/** @type {number} */ from, /** @type {number} */ to) =>
    header.toString('utf8', from, to).replace(/\0.*$/s, '')
  const size = Number.parseInt(text(124, 136).trim() || '0', 8)
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0)
  if (sum !== Number.parseInt(text(148, 156).trim(), 8) || !Number.isSafeInteger(size) || size < 0)
    throw broken(path, 'a header is damaged')
  const prefix = text(257, 262) === 'ustar' ? text(345, 500) : ''
  return {
    name: prefix ? `${prefix}/${text(0, 100)}` : text(0, 100),
    size,
    type: String.fromCharCode(Number(header[156])),
  }
}

/**
 * The name in a pax (`x`) or GNU (`L`) header. @param {ReturnType<typeof blocksOf>} reader @param {number} size @param
 * {string} type @param {string} path
 */
async function readLongName(reader, size, type, path) {
  if (size > mostHeaderBytes) throw broken(path, 'a header is too long')
  const content = await reader.take(Math.ceil(size / block) * block)
  if (!content) throw broken(path, 'it ends too early')
  const text = content.toString('utf8', 0, size)
  return type === 'L' ? text.replace(/\0.*$/s, '') : (/^\d+ path=(.*)$/m.exec(text)?.[1] ?? '')
}

/**
 * Takes exactly so many bytes at a time from the unpacked archive; `undefined` when it ends before. @param {string}
 * path
 */
function blocksOf(path) {
  const raw = createReadStream(path)
  const unpacked = raw.pipe(createGunzip())
  raw.on('error', (error) => unpacked.destroy(error))
  const chunks = /** @type {AsyncIterator<Buffer>} */ (unpacked[Symbol.asyncIterator]())
  /** @type {Buffer} */
  let held = Buffer.alloc(0)
  return {
    /** @param {number} length */
    async take(length) {
      /** @type {Buffer[]} */
      const parts = [held]
      for (let have = held.length; have < length;) {
        const next = await chunks
          .next()
          .catch((error) => Promise.reject(error.code?.startsWith('Z_') ? broken(path, 'it does not unpack') : error))
        if (next.done) return undefined
        parts.push(next.value)
        have += next.value.length
      }
      const all = parts.length === 1 ? held : Buffer.concat(parts)
      held = all.subarray(length)
      return all.subarray(0, length)
    },
    async close() {
      raw.destroy()
      unpacked.destroy()
    },
  }
}

/** @param {string} path @param {string} why */
function broken(path, why) {
  return new UnusableSource(`${path} cannot be used as a tar archive: ${why}; fetch it again or correct the source.`)
}

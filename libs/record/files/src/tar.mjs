import { memberName } from './member-name.mjs'
import { quoted } from './refuse.mjs'
import { StreamReader } from './stream-reader.mjs'

/** @typedef {import('./refuse.mjs').Refuse} Refuse */

/**
 * How much an archive may hold before it is refused.
 * @typedef {object} TarLimits
 * @property {number} members of any kind
 * @property {number} memberBytes of one member
 * @property {number} totalBytes of the whole unpacked archive
 */

/**
 * A regular file of an archive. Its content must be taken before the next member is asked for.
 * @typedef {object} TarFile
 * @property {string} name relative, with `/`, free of `.` and `..`
 * @property {number} size bytes
 * @property {() => AsyncGenerator<Uint8Array>} pieces its content, as it comes off the stream
 * @property {() => Promise<Uint8Array>} bytes its content in one array
 */

/**
 * @typedef {object} Header
 * @property {string} name as the archive has it
 * @property {number} size bytes
 * @property {string} type `0` file, `5` folder, `x` and `g` pax records, `L` GNU long name
 */

/** What an extended header says about the member behind it. @typedef {{ name?: string, size?: number }} Extension */

/** A tar archive consists of blocks of this many bytes (POSIX.1-2001, pax, "ustar Interchange Format"). */
const block = 512
/** Bytes of an extended header. Those that name one file are far shorter. */
const longestExtension = 2 ** 16

/**
 * The regular files of a tar archive (ustar, pax, GNU long names), one after another, read from its unpacked bytes.
 * Content that nobody takes is passed over, and nothing is written anywhere. Refuses links, devices, names that lead
 * out of the archive, whatever exceeds the limits, and an archive without its end. POSIX ends one by two blocks of
 * zeros; one is enough here, as for GNU tar.
 * @param {AsyncIterable<Uint8Array>} chunks
 * @param {{ limits: TarLimits, refuse: Refuse }} options
 * @returns {AsyncGenerator<TarFile>}
 */
export async function* readTar(chunks, { limits, refuse }) {
  const reader = new StreamReader(chunks, refuse)
  /** @type {Extension} */
  let extension = {}
  try {
    for (let members = 0; ; members++) {
      if (await reader.isAtEnd()) refuse('it is cut off behind a file, without the zeros that end an archive')
      const raw = await reader.take(block)
      if (raw.every((byte) => byte === 0)) return
      const parsed = parseHeader(raw, refuse)
      const header = 'xgL'.includes(parsed.type) ? parsed : { ...parsed, ...extension }
      requireLimits(header, members, reader.position, { limits, refuse })
      const end = reader.position + Math.ceil(header.size / block) * block
      if (header.type === 'x' || header.type === 'L') {
        const content = await reader.take(header.size)
        extension = { ...extension, ...(header.type === 'x' ? parsePax(content, refuse) : { name: text(content) }) }
      } else if (header.type !== 'g') {
        const name = memberName(header.name, refuse)
        if (header.type === '0' && !header.name.endsWith('/')) yield fileAt(reader, name, header.size)
        extension = {}
      }
      await reader.skip(end - reader.position)
    }
  } finally {
    await reader.close()
  }
}

/**
 * @param {StreamReader} reader at the beginning of the content
 * @param {string} name
 * @param {number} size
 * @returns {TarFile}
 */
function fileAt(reader, name, size) {
  const start = reader.position
  const requireStart = () => {
    if (reader.position !== start) throw new Error(`${name} was already read or passed over; take its content once.`)
  }
  return {
    name,
    size,
    pieces() {
      requireStart()
      return reader.pieces(size)
    },
    async bytes() {
      requireStart()
      return reader.take(size)
    },
  }
}

/**
 * A ustar header (POSIX.1-1988): name at 0, size at 124, checksum at 148, type at 156, magic at 257, prefix at 345.
 * @param {Uint8Array} raw
 * @param {Refuse} refuse
 * @returns {Header}
 */
function parseHeader(raw, refuse) {
  const checksum = raw.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0)
  if (octal(raw.subarray(148, 156)) !== checksum) refuse('it is not a tar archive, or a header is damaged')
  const size = octal(raw.subarray(124, 136)) ?? refuse('the size of a member is not an octal number')
  const prefix = text(raw.subarray(257, 263)) === 'ustar' ? text(raw.subarray(345, 500)) : ''
  const ending = text(raw.subarray(0, 100))
  const name = prefix ? `${prefix}/${ending}` : ending
  const type = raw[156] === 0 ? '0' : String.fromCharCode(Number(raw[156]))
  if (type === '1' || type === '2') refuse(`its member ${quoted(name)} is a link`)
  if (!'05xgL'.includes(type)) refuse(`its member ${quoted(name)} is of type ${quoted(type)}`)
  return { name, size, type }
}

/**
 * @param {Header} header
 * @param {number} members before this one
 * @param {number} position where its content begins
 * @param {{ limits: TarLimits, refuse: Refuse }} options
 */
function requireLimits({ name, size, type }, members, position, { limits, refuse }) {
  const most = type === '0' || type === '5' ? limits.memberBytes : longestExtension
  if (size > most) refuse(`its member ${quoted(name)} has ${size} bytes, more than ${most}`)
  if (members >= limits.members) refuse(`it has more than ${limits.members} members`)
  if (position + size > limits.totalBytes) refuse(`it unpacks to more than ${limits.totalBytes} bytes`)
}

/**
 * Name and size in a list of pax records, each `<length> <key>=<value>\n` with its whole length (POSIX.1-2001).
 * @param {Uint8Array} content
 * @param {Refuse} refuse
 * @returns {Extension}
 */
function parsePax(content, refuse) {
  /** @type {Extension} */
  const found = {}
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at)
    const length = space < 0 ? NaN : Number(text(content.subarray(at, space)))
    if (!Number.isInteger(length) || length <= space - at || at + length > content.length)
      return refuse('it has a malformed pax header')
    const record = text(content.subarray(space + 1, at + length - 1))
    if (record.startsWith('path=')) found.name = record.slice('path='.length)
    if (record.startsWith('size=')) found.size = decimal(record.slice('size='.length), refuse)
    at += length
  }
  return found
}

/**
 * @param {string} digits
 * @param {Refuse} refuse
 */
function decimal(digits, refuse) {
  return /^\d{1,15}$/.test(digits) ? Number(digits) : refuse('it has a malformed pax header')
}

/**
 * The text of a field, which ends at the first NUL.
 * @param {Uint8Array} field
 */
function text(field) {
  const end = field.indexOf(0)
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end))
}

/**
 * An octal number; zero where the field is blank. `undefined` for anything else, such as GNU's binary form of numbers
 * from 8 GiB on.
 * @param {Uint8Array} field
 */
function octal(field) {
  const digits = text(field).trim() || '0'
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined
}

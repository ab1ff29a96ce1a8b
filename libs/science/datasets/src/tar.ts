import { BytesReader } from './bytes-reader.ts'
import { InvalidDataset } from './invalid-dataset.ts'

/** Most that an archive may hold. */
export interface ArchiveLimits {
  /** Members, of any kind. */
  readonly members: number
  /** Bytes of one member. */
  readonly memberBytes: number
  /** Bytes of the whole unpacked archive. */
  readonly totalBytes: number
}

/** Many times what the largest archive of the study holds (about 2 GB in 24,000 images). */
export const archiveLimits: ArchiveLimits = { members: 2_000_000, memberBytes: 64 * 2 ** 20, totalBytes: 64 * 2 ** 30 }

export interface ArchiveMember {
  /** Relative, with `/`, free of `.` and `..`. */
  readonly name: string
  readonly bytes: Uint8Array
}

const block = 512

interface Header {
  readonly name: string
  readonly size: number
  /** The type flag: `0` file, `5` folder, `x` and `g` pax records, `L` GNU long name. */
  readonly type: string
}

/**
 * Reads the regular files of a tar stream (POSIX ustar and pax, GNU long names) whose names `wanted` accepts, one at a
 * time. It writes nothing. Links, devices, absolute names and names with `..` are refused, and so is whatever exceeds
 * the limits.
 */
export async function* readTar(
  chunks: AsyncIterable<Uint8Array>,
  wanted: (name: string) => boolean,
  limits: ArchiveLimits = archiveLimits,
): AsyncGenerator<ArchiveMember> {
  const reader = new BytesReader(chunks)
  let longName: string | undefined
  try {
    for (let members = 0; ; members++) {
      const raw = await reader.takeOrEnd(block)
      if (raw === null || raw.every((byte) => byte === 0)) return
      const header = parseHeader(raw)
      checkLimits(header, members, reader.position, limits)
      const padding = -header.size & (block - 1)
      const carriesName = header.type === 'x' || header.type === 'L'
      const name = carriesName || header.type === 'g' ? '' : safeName(longName ?? header.name)
      const isWanted = header.type === '0' && wanted(name)
      const bytes =
        carriesName || isWanted ? await reader.take(header.size) : (await reader.skip(header.size), undefined)
      await reader.skip(padding)
      longName = carriesName ? (nameIn(header.type, bytes!) ?? longName) : header.type === 'g' ? longName : undefined
      if (isWanted) yield { name, bytes: bytes! }
    }
  } finally {
    await reader.close()
  }
}

/** Reads a ustar header (POSIX.1-1988): name at 0, size at 124, checksum 148, type 156, magic 257, prefix 345. */
function parseHeader(raw: Uint8Array): Header {
  const checksum = raw.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0)
  if (octal(raw, 148, 8) !== checksum)
    throw new InvalidDataset('The dataset archive is not a tar file or is damaged; fetch it again.')
  const type = raw[156] === 0 ? '0' : String.fromCharCode(raw[156]!)
  const isUstar = text(raw, 257, 6) === 'ustar'
  const prefix = isUstar ? text(raw, 345, 155) : ''
  if (!['0', '5', 'x', 'g', 'L'].includes(type)) {
    const what = type === '1' || type === '2' ? 'a link' : `a member of type ${JSON.stringify(type)}`
    throw new InvalidDataset(`The dataset archive contains ${what}; pack it with regular files only.`)
  }
  const name = text(raw, 0, 100)
  return { name: prefix ? `${prefix}/${name}` : name, size: octal(raw, 124, 12), type }
}

function checkLimits({ name, size, type }: Header, members: number, position: number, limits: ArchiveLimits): void {
  const limit = type === '0' || type === '5' ? limits.memberBytes : 2 ** 16
  if (size > limit)
    throw new InvalidDataset(`The dataset archive holds ${name} of ${size} bytes, more than ${limit}; leave it out.`)
  if (members >= limits.members)
    throw new InvalidDataset(`The dataset archive holds more than ${limits.members} files; split it.`)
  if (position + size > limits.totalBytes)
    throw new InvalidDataset(`The dataset archive unpacks to more than ${limits.totalBytes} bytes; split it.`)
}

/** The name without leading `./`; a name that could lead out of the archive's folder is refused. */
function safeName(name: string): string {
  const parts = name.split('/').filter((part, i, all) => part !== '.' && !(part === '' && i === all.length - 1))
  if (
    name.startsWith('/') ||
    name.includes('\\') ||
    name.includes('\0') ||
    parts.includes('..') ||
    parts.includes('')
  ) {
    throw new InvalidDataset(
      `The dataset archive has a member named ${JSON.stringify(name)}, which leads out of its folder; pack it with plain relative names.`,
    )
  }
  return parts.join('/')
}

/** The member name in pax records (`<length> path=<name>\n`, POSIX.1-2001) or in a GNU long name. */
function nameIn(type: string, bytes: Uint8Array): string | undefined {
  if (type === 'L') return text(bytes, 0, bytes.length)
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(text(bytes, at, Math.max(space - at, 0)))
    if (space < 0 || !Number.isInteger(length) || length <= space - at || at + length > bytes.length) {
      throw new InvalidDataset('The dataset archive has a malformed pax header; pack it again.')
    }
    const record = text(bytes, space + 1, at + length - space - 2)
    if (record.startsWith('path=')) return record.slice('path='.length)
    if (record.startsWith('size='))
      throw new InvalidDataset('The dataset archive holds a file of 8 GiB or more; leave it out.')
    at += length
  }
  return undefined
}

/** The text of a field, up to its first NUL. */
function text(raw: Uint8Array, at: number, length: number): string {
  const field = raw.subarray(at, at + length)
  const end = field.indexOf(0)
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end))
}

/** The number of an octal field. GNU's binary form (top bit set) is refused: it is only used beyond the limits. */
function octal(raw: Uint8Array, at: number, length: number): number {
  const digits = text(raw, at, length).trim()
  if (!/^[0-7]+$/.test(digits))
    throw new InvalidDataset('The dataset archive is not a tar file or is damaged; fetch it again.')
  return Number.parseInt(digits, 8)
}

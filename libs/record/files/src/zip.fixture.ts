import { crc32, deflateRawSync } from 'node:zlib'

/** One member of a zip archive made by a test; what is beside name and content may make it wrong. */
export interface FixtureMember {
  readonly name: string
  readonly content: Uint8Array
  /** Without compression. */
  readonly stored?: boolean
  readonly flags?: number
  readonly method?: number
  /** `st_mode`, as zip programs on Unix note it. */
  readonly mode?: number
  readonly crc?: number
  /** Sizes and place as the directory has them. */
  readonly compressedSize?: number
  readonly size?: number
  readonly offset?: number
  /** The name in front of the content. */
  readonly localName?: string
}

/** A zip archive: local headers with their content, the directory, the end record with what `end` makes wrong. */
export function zipOf(members: readonly FixtureMember[], end: { count?: number; offset?: number } = {}): Buffer {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const member of members) {
    const content = Buffer.from(member.stored ? member.content : deflateRawSync(member.content))
    const localName = Buffer.from(member.localName ?? member.name)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(localName.length, 26)
    directory.push(entryOf(member, content.length, offset), Buffer.from(member.name))
    parts.push(local, localName, content)
    offset += 30 + localName.length + content.length
  }
  const record = Buffer.alloc(22)
  record.writeUInt32LE(0x06054b50, 0)
  record.writeUInt16LE(end.count ?? members.length, 10)
  record.writeUInt32LE(Buffer.concat(directory).length, 12)
  record.writeUInt32LE(end.offset ?? offset, 16)
  return Buffer.concat([...parts, ...directory, record])
}

function entryOf(member: FixtureMember, compressedSize: number, offset: number): Buffer {
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(member.flags ?? 0, 8)
  entry.writeUInt16LE(member.method ?? (member.stored ? 0 : 8), 10)
  entry.writeUInt32LE(member.crc ?? crc32(member.content), 16)
  entry.writeUInt32LE(member.compressedSize ?? compressedSize, 20)
  entry.writeUInt32LE(member.size ?? member.content.length, 24)
  entry.writeUInt16LE(Buffer.byteLength(member.name), 28)
  entry.writeUInt32LE(((member.mode ?? 0o100644) << 16) >>> 0, 38)
  entry.writeUInt32LE(member.offset ?? offset, 42)
  return entry
}

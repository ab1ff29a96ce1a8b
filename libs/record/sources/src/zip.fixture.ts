import { crc32, deflateRawSync } from 'node:zlib'

/** One member of a zip made by a test; the extra fields make it wrong on purpose. */
export interface FixtureMember {
  readonly name: string
  readonly content: Buffer
  readonly stored?: boolean
  readonly flags?: number
  readonly method?: number
  /** `st_mode`, as zip programs on Unix note it. */
  readonly mode?: number
  readonly announcedSize?: number
  readonly crc?: number
}

/** A zip file: local headers with their data, the directory, the end record. */
export function zipOf(members: readonly FixtureMember[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const member of members) {
    const data = member.stored ? member.content : deflateRawSync(member.content)
    const name = Buffer.from(member.name)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(name.length, 26)
    directory.push(entryOf(member, data.length, offset), name)
    parts.push(local, name, data)
    offset += 30 + name.length + data.length
  }
  const entries = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(members.length, 10)
  end.writeUInt32LE(entries.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, entries, end])
}

function entryOf(member: FixtureMember, compressedSize: number, offset: number): Buffer {
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(member.flags ?? 0, 8)
  entry.writeUInt16LE(member.method ?? (member.stored ? 0 : 8), 10)
  entry.writeUInt32LE(member.crc ?? crc32(member.content), 16)
  entry.writeUInt32LE(compressedSize, 20)
  entry.writeUInt32LE(member.announcedSize ?? member.content.length, 24)
  entry.writeUInt16LE(Buffer.byteLength(member.name), 28)
  entry.writeUInt32LE(((member.mode ?? 0o100644) << 16) >>> 0, 38)
  entry.writeUInt32LE(offset, 42)
  return entry
}

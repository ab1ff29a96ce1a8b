/** A file of an archive that a test makes. Fields beside name and content make it wrong on purpose. */
export interface ZipPart {
  readonly name: string
  readonly content: Uint8Array
  readonly method?: number
  readonly flags?: number
  /** The sizes and the place that the directory gives. */
  readonly packed?: number
  readonly size?: number
  readonly offset?: number
  /** The name in the header in front of the bytes. */
  readonly localName?: string
}

/** An archive like those of `torch.save`, assembled by hand (PKWARE APPNOTE 6.3.10, 4.3.7, 4.3.12, 4.3.16). */
export function assembleZip(parts: readonly ZipPart[], end: { count?: number; offset?: number } = {}): Uint8Array {
  const [local, directory]: [Buffer[], Buffer[]] = [[], []]
  let position = 0
  for (const part of parts) {
    const { name, content, localName = name } = part
    const header = Buffer.alloc(30)
    header.writeUInt32LE(0x04034b50, 0)
    header.writeUInt16LE(Buffer.byteLength(localName), 26)
    directory.push(entryOf(part, position), Buffer.from(name))
    local.push(header, Buffer.from(localName), Buffer.from(content))
    position += 30 + Buffer.byteLength(localName) + content.byteLength
  }
  const record = Buffer.alloc(22)
  record.writeUInt32LE(0x06054b50, 0)
  record.writeUInt16LE(end.count ?? parts.length, 10)
  record.writeUInt32LE(Buffer.concat(directory).byteLength, 12)
  record.writeUInt32LE(end.offset ?? position, 16)
  return Buffer.concat([...local, ...directory, record])
}

function entryOf(part: ZipPart, position: number): Buffer {
  const { name, content, method = 0, flags = 0, size = content.byteLength, packed = size, offset = position } = part
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(flags, 8)
  entry.writeUInt16LE(method, 10)
  entry.writeUInt32LE(packed, 20)
  entry.writeUInt32LE(size, 24)
  entry.writeUInt16LE(Buffer.byteLength(name), 28)
  entry.writeUInt32LE(offset, 42)
  return entry
}

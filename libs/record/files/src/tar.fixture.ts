/** One member of a tar archive made by a test; what is beside name and content may make it hostile. */
export interface FixtureEntry {
  readonly name: string
  readonly bytes?: Uint8Array
  /** POSIX type flag: `0` file, `1` and `2` links, `5` folder, `x` pax header, `L` GNU long name. */
  readonly type?: string
  /** Where a link leads. */
  readonly link?: string
  /** The size the header announces. */
  readonly size?: number
}

/** A ustar archive. */
export function tarOf(entries: readonly FixtureEntry[]): Uint8Array {
  const blocks = entries.flatMap(({ name, bytes = new Uint8Array(0), type = '0', link = '', size = bytes.length }) => {
    const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512)
    padded.set(bytes)
    return [headerOf({ name, size, type, link }), padded]
  })
  return Uint8Array.from(Buffer.concat([...blocks, new Uint8Array(1024)]))
}

/** An extended header with a record about the next member, such as its `path`. */
export function paxEntry(records: Readonly<Record<string, string>>): FixtureEntry {
  const text = Object.entries(records).map(([key, value]) => paxRecord(key, value))
  return { name: 'pax', type: 'x', bytes: new TextEncoder().encode(text.join('')) }
}

/** A pax record: its own length in decimal, a space, `key=value` and a line feed. */
function paxRecord(key: string, value: string, length = 0): string {
  const record = `${length} ${key}=${value}\n`
  return record.length === length ? record : paxRecord(key, value, record.length)
}

function headerOf({ name, size, type, link }: { name: string; size: number; type: string; link: string }): Uint8Array {
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write(type, 156)
  header.write(link, 157, 100)
  header.write('ustar\x0000', 257)
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

import { gzipSync } from 'node:zlib'

/** One entry of a tar archive made by a test. */
export interface FixtureEntry {
  readonly name: string
  readonly content?: Buffer
  /** POSIX type flag: `0` file, `5` folder, `2` link, `x` extended header. */
  readonly type?: string
}

/** A gzipped ustar archive. */
export function tarOf(entries: readonly FixtureEntry[]): Buffer {
  const parts = entries.flatMap(({ name, content = Buffer.alloc(0), type = '0' }) => {
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512)
    return [header(name, content.length, type), content, padding]
  })
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]))
}

/** An extended header that gives the next entry its name. */
export function paxName(name: string): FixtureEntry {
  const record = ` path=${name}\n`
  const length = [2, 3, 4]
    .map((digits) => record.length + digits)
    .find((total) => String(total).length + record.length === total)
  return { name: 'pax', type: 'x', content: Buffer.from(`${length}${record}`) }
}

function header(name: string, size: number, type: string): Buffer {
  const block = Buffer.alloc(512)
  block.write(name, 0, 100)
  block.write('0000644\0', 100)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write('        ', 148)
  block.write(type, 156)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

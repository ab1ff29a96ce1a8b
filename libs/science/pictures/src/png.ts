import { crc32, deflateSync } from 'node:zlib'

/** A picture in memory, RGB, a byte a channel, row by row. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/**
 * The bytes of a PNG file: truecolour of 8 bits, with each row as differences from the pixel on the left (W3C PNG,
 * third edition, sections 5, 9 and 11).
 */
export function encodePng({ width, height, data }: Picture): Uint8Array {
  const stride = width * 3
  const rows = Buffer.alloc(height * (stride + 1)) // each begins with its filter
  for (let y = 0; y < height; y++) {
    const [from, to] = [y * stride, y * (stride + 1) + 1]
    rows[to - 1] = subFilter
    for (let i = 0; i < stride; i++) rows[to + i] = data[from + i]! - (i < 3 ? 0 : data[from + i - 3]!)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8) // bit depth 8, truecolour, the standard compression and filters, not interlaced
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const subFilter = 1

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

import { crc32, inflateSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { contactSheet, differenceTile, encodePng, type Picture, type Tile } from './index.ts'

/** Reads a PNG file of rows of differences, as the standard says, and checks the sums of its chunks. */
function decodePng(file: Uint8Array): Picture {
  const bytes = Buffer.from(file)
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at < bytes.length;) {
    const body = bytes.subarray(at + 4, at + 8 + bytes.readUInt32BE(at))
    expect(bytes.readUInt32BE(at + 4 + body.length)).toBe(crc32(body))
    chunks.set(body.toString('latin1', 0, 4), body.subarray(4))
    at += 8 + body.length
  }
  const header = chunks.get('IHDR')!
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const [rows, data] = [inflateSync(chunks.get('IDAT')!), new Uint8Array(width * height * 3)]
  for (let y = 0; y < height; y++) {
    const [from, to] = [y * (width * 3 + 1) + 1, y * width * 3]
    expect(rows[from - 1]).toBe(1) // the filter: the difference from the pixel on the left
    for (let i = 0; i < width * 3; i++) data[to + i] = rows[from + i]! + (i < 3 ? 0 : data[to + i - 3]!)
  }
  return { width, height, data }
}

const colourAt = ({ width, data }: Picture, x: number, y: number) => [
  ...data.subarray(3 * (y * width + x)).subarray(0, 3),
]

it('a PNG file has every pixel', () => {
  const picture = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, i) => (i * 97) % 256) }
  expect(decodePng(encodePng(picture))).toEqual(picture)
})

it('a contact sheet has each tile at its place, enlarged by its nearest pixels, with a text under it', () => {
  const pixels = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 1.5, -1, 0.5])
  const tile: Tile = { pixels, side: 2, title: 'CLEAN', verdict: 'LABEL 7', isRight: false }
  const sheet = contactSheet([[tile], [tile, { ...tile, title: '', verdict: '' }]])
  const right = { x: sheet.width - 8 - 136, y: sheet.height / 2 } // of the second tile of the second row
  const corners = [0, 135].flatMap((y) => [0, 135].map((x) => colourAt(sheet, 8 + x, 8 + y)))
  expect(corners).toEqual([
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 0, 128],
  ])
  expect(colourAt(sheet, right.x + 10, Math.floor(right.y) + 20)).toEqual([255, 0, 0])
  const under = (left: number, top: number) =>
    new Set(
      Array.from({ length: 136 * 20 }, (_, i) => String(colourAt(sheet, left + (i % 136), top + Math.floor(i / 136)))),
    )
  expect(under(8, 8 + 136 + 2).size).toBeGreaterThan(1)
  expect(colourAt(sheet, right.x, 10)).toEqual([255, 255, 255]) // the first row has no second tile
})

it('a difference is scaled to the whole range around grey', () => {
  const clean = Float32Array.of(0.5, 0.5, 0.5)
  const { pixels, verdict } = differenceTile(clean, Float32Array.of(0.5, 0.75, 0.25), 1)
  expect([...pixels]).toEqual([0.5, 1, 0])
  expect(verdict).toBe('times 2.0')
  expect(differenceTile(clean, clean, 1)).toMatchObject({ verdict: 'none' })
})

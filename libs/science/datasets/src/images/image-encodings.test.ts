import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { decodeImage } from './decode-image.ts'
import { readImageHeader } from './image-header.ts'

/** Made by `test/parity/datasets/make_encodings.py` with Pillow. */
const { width, height, cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/parity/datasets/encodings.json', import.meta.url), 'utf8'),
) as { width: number; height: number; cases: { name: string; mode: string; file: string; expected: string }[] }

it.each(cases.filter(({ mode }) => mode !== 'I;16'))(
  '$name has the pixels that Pillow reads',
  async ({ file, expected }) => {
    const bytes = new Uint8Array(Buffer.from(file, 'base64'))
    const header = await readImageHeader(bytes)
    expect(header).toMatchObject({ width, height })
    const { data } = await decodeImage(bytes, header!)
    expect(data).toEqual(new Uint8Array(inflateSync(Buffer.from(expected, 'base64'))))
  },
)

it.each(cases.filter(({ mode }) => mode === 'I;16'))('$name keeps its upper 8 bits', async ({ file }) => {
  const bytes = new Uint8Array(Buffer.from(file, 'base64'))
  const { data } = await decodeImage(bytes, (await readImageHeader(bytes))!)
  const rgb = cases.find(({ name }) => name === 'png rgb')!
  const red = new Uint8Array(inflateSync(Buffer.from(rgb.expected, 'base64')))
  for (let i = 0; i < data.length; i++) expect(data[i]).toBe((red[i - (i % 3)]! * 257 + 91) >> 8)
})

it('finds no image in other bytes, nor in the beginning of one', async () => {
  for (const text of ['', 'GIF', 'BM', '\x89PNG', 'II*\0', 'RIFF1234WEBP', 'hello, this is no image at all'])
    expect(await readImageHeader(new Uint8Array(Buffer.from(text, 'latin1')))).toBeUndefined()
})

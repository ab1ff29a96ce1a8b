import { describe, expect, it } from 'vitest'
import { InvalidDataset } from '../invalid-dataset.ts'
import { parseIdx } from './read-idx.ts'

const header = (...words: number[]) =>
  words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255])

describe('an IDX file', () => {
  it('gives its sizes and its values', () => {
    const bytes = Uint8Array.from([...header(0x803, 2, 1, 2), 1, 2, 3, 4])
    expect(parseIdx(bytes, 'images', 3)).toEqual({ shape: [2, 1, 2], values: Uint8Array.from([1, 2, 3, 4]) })
  })

  it.each([
    ['of another type', [...header(0x903, 1, 1, 1), 1], 'unsigned bytes'],
    ['of other dimensions', [...header(0x801, 1), 1], 'unsigned bytes'],
    ['cut in its header', header(0x803, 2), 'unsigned bytes'],
    ['cut in its values', [...header(0x803, 2, 1, 2), 1, 2, 3], 'holds 3'],
    ['with more than it announces', [...header(0x803, 1, 1, 1), 1, 2], 'holds 2'],
    ['of sizes whose product overflows 32 bits', [...header(0x803, 0x10000, 0x10000, 0x10000)], 'holds 0'],
    ['that is empty', [...header(0x803, 0, 28, 28)], 'holds 0'],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => parseIdx(Uint8Array.from(bytes), 'images', 3)).toThrow(InvalidDataset)
    expect(() => parseIdx(Uint8Array.from(bytes), 'images', 3)).toThrow(message)
  })
})

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { elementCount, elementTypes, type ElementType, type NamedArray } from './named-array.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'
import { entry, fileOf } from './testing/safetensors-assembler.ts'
import { smallCheckpoint } from './testing/small-checkpoints.ts'

const arrays: fc.Arbitrary<NamedArray[]> = fc
  .uniqueArray(
    fc.record({
      name: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '0', 'weights.ünïcode')),
      dtype: fc.constantFrom(...(Object.keys(elementTypes) as ElementType[])),
      shape: fc.array(fc.nat(3), { maxLength: 4 }),
      seed: fc.nat(255),
    }),
    { selector: ({ name }) => name, maxLength: 6 },
  )
  .map((descriptions) =>
    descriptions
      .filter(({ name }) => name !== '__metadata__')
      .map(({ name, dtype, shape, seed }) => {
        const bytes = Uint8Array.from(
          { length: elementCount(shape) * elementTypes[dtype].bytes },
          (_, i) => (seed + 7 * i) % 120,
        )
        return { name, dtype, shape, data: new elementTypes[dtype].array(bytes.buffer) }
      }),
  )

const byName = (list: readonly NamedArray[]) => [...list].sort((a, b) => (a.name < b.name ? -1 : 1))

it('reads back what it wrote, of every type, shape and name', () => {
  fc.assert(
    fc.property(arrays, fc.dictionary(fc.string(), fc.string()), (list, metadata) => {
      const read = readSafetensors(writeSafetensors(list, metadata))
      expect(byName(read.arrays)).toEqual(byName(list))
      expect(read.metadata).toEqual(metadata)
    }),
  )
})

it('writes the same bytes whatever the order of the arrays', () => {
  fc.assert(
    fc.property(arrays, (list) => {
      expect(writeSafetensors([...list].reverse())).toEqual(writeSafetensors(list))
    }),
  )
})

it('starts every tensor at a multiple of its element', () => {
  fc.assert(
    fc.property(arrays, (list) => {
      const file = writeSafetensors(list)
      for (const { data } of readSafetensors(file).arrays) {
        expect(data.byteOffset % data.BYTES_PER_ELEMENT).toBe(0)
        expect(data.length === 0 || data.buffer === file.buffer).toBe(true)
      }
    }),
  )
})

it('reads the same from an address at which no element is aligned', () => {
  const file = smallCheckpoint('small.safetensors')
  const shifted = new Uint8Array(file.byteLength + 1)
  shifted.set(file, 1)
  expect(readSafetensors(shifted.subarray(1))).toEqual(readSafetensors(file))
  expect(readSafetensors(Buffer.from(shifted.buffer, 1))).toEqual(readSafetensors(file))
})

it('refuses to write two tensors of one name, or one whose shape does not fit its data', () => {
  const array: NamedArray = { name: 'w', dtype: 'float32', shape: [2], data: new Float32Array(2) }
  expect(() => writeSafetensors([array, array])).toThrow('Two tensors are called w')
  expect(() => writeSafetensors([{ ...array, shape: [3] }])).toThrow('w has 2 elements')
})

describe('refuses', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['a header longer than the file', fileOf({}, 0, 1000n), /ends early/],
    ['a header longer than the format allows', fileOf({}, 0, 2_000_001n), /header is said to have/],
    ['a header length that overflows', fileOf({}, 0, 2n ** 64n - 1n), /length of/],
    ['a header that is not JSON', fileOf('{"w":'), /not JSON/],
    ['a header nested without end', fileOf('{"w":' + '['.repeat(1_000_000)), /not JSON/],
    ['a header that does not start with its brace', fileOf(' {}'), /not an object/],
    ['a header that is a list', fileOf('[]'), /not an object/],
    ['an entry that is not an object', fileOf({ w: 1 }), /not an object/],
    ['an unknown type', fileOf({ w: entry([1], 0, 4, 'F8_E4M3') }, 4), /unknown type "F8_E4M3"/],
    ['a type that is a property of every object', fileOf({ w: entry([1], 0, 4, 'constructor') }, 4), /unknown type/],
    ['a negative size', fileOf({ w: entry([-1], 0, 4) }, 4), /proper shape/],
    ['a size that is not whole', fileOf({ w: entry([0.5], 0, 2) }, 2), /proper shape/],
    ['sizes whose product overflows', fileOf({ w: entry([2 ** 40, 2 ** 40], 0, 4) }, 4), /bytes for float32/],
    ['offsets that do not fit the shape', fileOf({ w: entry([2], 0, 4) }, 4), /4 bytes for float32 of the shape \[2\]/],
    ['offsets in the wrong order', fileOf({ w: entry([1], 4, 0) }, 4), /bytes for float32/],
    ['offsets beyond the file', fileOf({ w: entry([1], 0, 4) }, 3), /take 4 bytes and the file has 3/],
    [
      'tensors that overlap',
      fileOf({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8),
      /starts at byte 4 of the data where byte 8 is next/,
    ],
    [
      'a hole between tensors',
      fileOf({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12),
      /starts at byte 8 of the data where byte 4 is next/,
    ],
    ['bytes behind the last tensor', fileOf({ a: entry([1], 0, 4) }, 5), /take 4 bytes and the file has 5/],
    [
      'a tensor given twice',
      fileOf(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        8,
      ),
      /gives a name twice/,
    ],
    ['metadata that is not text', fileOf({ __metadata__: { epoch: 3 } }), /more than text/],
  ])('%s', (_, file, message) => {
    const refused = expect.objectContaining({ name: 'CheckpointUnreadable', message: expect.stringMatching(message) })
    expect(() => readSafetensors(file)).toThrow(refused)
  })
})

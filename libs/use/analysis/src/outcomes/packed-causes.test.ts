import fc from 'fast-check'
import { expect, it } from 'vitest'
import { causeAt, countCauses, packCauses } from './packed-causes.ts'

const causes = fc.array(fc.option(fc.constantFrom('clean', 'apgd-ce', 'square', '__proto__', ''), { nil: null }))

it('packed causes keep each image’s in a byte, and counts are those of the unpacked', () => {
  fc.assert(
    fc.property(causes, (felledBy) => {
      const packed = packCauses(felledBy)
      expect(felledBy.map((_, i) => causeAt(packed, i))).toEqual(felledBy)
      expect(packed.places.byteLength).toBe(felledBy.length)
      const counts = packed.names.map((name) => felledBy.filter((cause) => cause === name).length)
      expect(countCauses(packed)).toEqual(counts)
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(felledBy.filter((cause) => cause !== null).length)
    }),
  )
})

it.each([255, 256, 70_000])('tells %i names apart', (count) => {
  const felledBy = [...Array.from({ length: count }, (_, i) => `attack ${i}`), null]
  const packed = packCauses(felledBy)
  expect(felledBy.map((_, i) => causeAt(packed, i))).toEqual(felledBy)
  expect(packed.places.BYTES_PER_ELEMENT).toBe(count > 255 ? 4 : 1)
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { packOutcomes } from '../outcomes/packed-bits.ts'
import { drawImages, heldInDraw } from './image-draw.ts'
import { wordBelow } from './keyed-words.ts'

it('images drawn as bit planes count as often as they were drawn', () => {
  const images = fc.integer({ min: 1, max: 80 })
  fc.assert(
    fc.property(
      images.chain((n) =>
        fc.tuple(
          fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: n, maxLength: n }),
          fc.array(fc.boolean(), { minLength: n, maxLength: n }),
        ),
      ),
      ([words, held]) => {
        const drawn = words.map((word) => held[wordBelow(word, held.length)])
        const draw = drawImages(Uint32Array.from(words))
        expect(heldInDraw(draw, packOutcomes(held))).toBe(drawn.filter(Boolean).length)
      },
    ),
  )
})

it('one image that is drawn every time counts every time', () => {
  const outcomes = packOutcomes(Array.from({ length: 300 }, (_, i) => i === 0))
  expect(heldInDraw(drawImages(new Uint32Array(300)), outcomes)).toBe(300)
})

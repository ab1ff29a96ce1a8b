import { tf } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { projectOntoL1AndBox } from './l1-projection.ts'
import { someImages } from '../testing/arbitraries.ts'
import { l1ProjectionByDefinition } from '../testing/l1-projection-by-definition.ts'
import { imagesOf, rowsOf } from '../testing/tiny-models.ts'

const epsilon = fc.constantFrom(0.01, 0.5, 3, 12)

function project(points: ArrayLike<number>[], origins: ArrayLike<number>[], radius: number): Float32Array[] {
  return tf.tidy(() =>
    rowsOf(projectOntoL1AndBox(imagesOf(points), imagesOf(origins), tf.fill([points.length], radius))),
  )
}

function moved(image: Float32Array, offset: Float32Array): Float32Array {
  return image.map((value, i) => value + offset[i]!)
}

describe('the projection onto the L1 ball and the box', () => {
  it('equals the float64 solution of its definition, whatever else is in the batch', () => {
    fc.assert(
      fc.property(someImages, epsilon, (images, radius) => {
        const points = images.map(({ image, offset }) => moved(image, offset))
        const projected = project(
          points,
          images.map(({ image }) => image),
          radius,
        )
        images.forEach(({ image }, row) => {
          const expected = l1ProjectionByDefinition(points[row]!, image, radius)
          projected[row]!.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6))
        })
      }),
    )
  })

  it('leaves coordinates that were not moved exactly as they are, so that counting non-zeros counts the support', () => {
    fc.assert(
      fc.property(someImages, epsilon, (images, radius) => {
        const projected = project(
          images.map(({ image, offset }) => moved(image, offset)),
          images.map(({ image }) => image),
          radius,
        )
        images.forEach(({ image, offset }, row) =>
          offset.forEach((value, i) => value === 0 && expect(projected[row]![i]).toBe(image[i])),
        )
      }),
    )
  })

  it('uses the whole radius where the point lies outside and the box leaves room', () => {
    const [image, offset] = [new Float32Array(48).fill(0.5), new Float32Array(48).fill(0.4)]
    const [projected] = project([moved(image, offset)], [image], 12)
    projected!.forEach((value) => expect(value).toBeCloseTo(0.75, 6))
  })
})

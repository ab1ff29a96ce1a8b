import fc from 'fast-check'
import { normal, uniform } from '@gauntlet/engine'
import { classes, coordinates } from './tiny-models.ts'

/** An image with values all over [0, 1], black and white included. */
const anImage = fc
  .record({ seed: fc.nat(), clipped: fc.constantFrom(0, 0.2, 1) })
  .map(({ seed, clipped }) =>
    uniform({ seed, purpose: 'test/image' }, coordinates).map((value) =>
      Math.min(Math.max(value * (1 + 2 * clipped) - clipped, 0), 1),
    ),
  )

/** An offset of any size, from 0 to far outside every ball, sparse or dense. */
const anOffset = fc
  .record({ seed: fc.nat(), scale: fc.constantFrom(0, 1e-4, 0.05, 0.5, 5), density: fc.constantFrom(0.05, 0.5, 1) })
  .map(({ seed, scale, density }) => {
    const kept = uniform({ seed, purpose: 'test/kept' }, coordinates)
    return normal({ seed, purpose: 'test/offset' }, coordinates).map((value, i) =>
      kept[i]! < density ? value * scale : 0,
    )
  })

const aLabel = fc.nat(classes - 1)

/** Some images with an offset and a label each. */
export const someImages = fc.array(fc.record({ image: anImage, offset: anOffset, label: aLabel }), {
  minLength: 1,
  maxLength: 4,
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { uniform } from '../random.ts'
import { tf, type Tensor, type Tensor1D, type Tensor4D } from '../tf.ts'
import { normaliseBatch, normaliseByStatistics } from './batch-normalisation.ts'

const epsilon = 1e-3
const shapes = fc.tuple(
  fc.integer({ min: 2, max: 4 }),
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 2, max: 4 }),
  fc.integer({ min: 1, max: 5 }),
)

/**
 * Output, statistics and gradients in float64, by the formulas of Ioffe and Szegedy (arXiv:1502.03167, algorithm 1 and
 * section 3).
 */
function byDefinition(x: Float32Array, gradient: Float32Array, scale: Float32Array, offset: Float32Array) {
  const channels = scale.length
  const count = x.length / channels
  const sums = (value: (i: number) => number) => {
    const totals = new Float64Array(channels)
    for (let i = 0; i < x.length; i++) totals[i % channels]! += value(i)
    return totals
  }
  const mean = sums((i) => x[i]!).map((sum) => sum / count)
  const variance = sums((i) => (x[i]! - mean[i % channels]!) ** 2).map((sum) => sum / count)
  const normal = Float64Array.from(
    x,
    (value, i) => (value - mean[i % channels]!) / Math.sqrt(variance[i % channels]! + epsilon),
  )
  const [ofScale, ofOffset] = [sums((i) => gradient[i]! * normal[i]!), sums((i) => gradient[i]!)]
  const ofX = normal.map((value, i) => {
    const c = i % channels
    return (
      (scale[c]! / Math.sqrt(variance[c]! + epsilon)) *
      (gradient[i]! - ofOffset[c]! / count - (value * ofScale[c]!) / count)
    )
  })
  const unbiasedVariance = variance.map((value) => (value * count) / (count - 1))
  return {
    y: normal.map((value, i) => value * scale[i % channels]! + offset[i % channels]!),
    mean,
    unbiasedVariance,
    ofX,
    ofScale,
    ofOffset,
  }
}

it('in training computes the output, the statistics and the three gradients of the paper', () => {
  fc.assert(
    fc.property(shapes, fc.nat(), (shape, seed) => {
      const channels = shape[3]
      const draw = (purpose: string, count: number) => uniform({ seed, purpose }, count).map((u) => 2 * u - 1)
      const count = shape.reduce((a, b) => a * b, 1)
      const arrays = [
        draw('x', count),
        draw('gradient', count),
        draw('scale', channels),
        draw('offset', channels),
      ] as const
      const expected = byDefinition(...arrays)
      inScope(() => {
        const [x, gradient] = [tf.tensor4d(arrays[0], shape), tf.tensor4d(arrays[1], shape)]
        const [scale, offset] = [tf.tensor1d(arrays[2]), tf.tensor1d(arrays[3])]
        const { y, mean, unbiasedVariance } = normaliseBatch(x, scale, offset, epsilon)
        const loss = (...[a, b, c]: Tensor[]) =>
          normaliseBatch(a as Tensor4D, b as Tensor1D, c as Tensor1D, epsilon)
            .y.mul(gradient)
            .sum()
        const [ofX, ofScale, ofOffset] = tf.grads(loss)([x, scale, offset])
        const actual = { y, mean, unbiasedVariance, ofX: ofX!, ofScale: ofScale!, ofOffset: ofOffset! }
        for (const [name, tensor] of Object.entries(actual))
          expectClose(tensor, expected[name as keyof typeof expected], name)
      })
    }),
    { numRuns: 50 },
  )
})

it('in evaluation normalises by the given statistics, and has the gradients of the formula', () => {
  fc.assert(
    fc.property(shapes, fc.nat(), (shape, seed) => {
      inScope(() => {
        const draw = (purpose: string, of: number[]) =>
          tf.tensor(
            uniform(
              { seed, purpose },
              of.reduce((a, b) => a * b, 1),
            ),
            of,
          )
        const [x, gradient] = [draw('x', shape), draw('gradient', shape)]
        const [scale, offset, mean, variance] = ['scale', 'offset', 'mean', 'variance'].map((purpose) =>
          draw(purpose, [shape[3]]),
        )
        const kernel = (...[a, b, c]: Tensor[]) =>
          normaliseByStatistics(
            a as Tensor4D,
            b as Tensor1D,
            c as Tensor1D,
            mean as Tensor1D,
            variance as Tensor1D,
            epsilon,
          )
        const formula = (...[a, b, c]: Tensor[]) => a!.sub(mean!).div(variance!.add(epsilon).sqrt()).mul(b!).add(c!)
        const inputs = [x, scale!, offset!]
        expectClose(kernel(...inputs), formula(...inputs).dataSync(), 'y')
        const gradientsOf = (run: (...of: Tensor[]) => Tensor) =>
          tf.grads((...of) =>
            run(...of)
              .mul(gradient)
              .sum(),
          )(inputs)
        const expected = gradientsOf(formula)
        gradientsOf(kernel).forEach((tensor, i) => expectClose(tensor, expected[i]!.dataSync(), `gradient ${i}`))
      })
    }),
    { numRuns: 50 },
  )
})

function inScope(run: () => void): void {
  tf.tidy(run)
}

function expectClose(actual: Tensor, expected: ArrayLike<number>, name: string): void {
  const values = actual.dataSync()
  expect(values.length).toBe(expected.length)
  const largest = Math.max(1, ...Array.from(expected, Math.abs))
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(values[i]! - expected[i]!) / largest, `${name} at ${i}`).toBeLessThan(1e-4)
}

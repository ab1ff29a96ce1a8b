import { expect, it } from 'vitest'
import { expectAsDefined, given } from '../testing/as-defined.ts'
import { tf, type Tensor, type Tensor4D } from '../tf.ts'
import { scaledDotProductAttention } from './attention.ts'

const [batch, heads, queries, keys, width, valueWidth] = [2, 2, 3, 4, 2, 3]
const scale = 0.7
const inputs = [
  given('query', [batch, heads, queries, width], 2),
  given('key', [batch, heads, keys, width], 2),
  given('value', [batch, heads, keys, valueWidth], 2),
]

/** softmax(q kᵀ · scale + bias) v by loops. `biasAt` reads the broadcast bias. */
function byDefinition(
  [query, key, value]: readonly Float64Array[],
  biasAt: (image: number, head: number, query: number, key: number) => number,
): number[] {
  const y: number[] = []
  for (let pair = 0; pair < batch * heads; pair++) {
    for (let i = 0; i < queries; i++) {
      const exponentials = Array.from({ length: keys }, (_, j) => {
        let score = 0
        for (let d = 0; d < width; d++)
          score += query![(pair * queries + i) * width + d]! * key![(pair * keys + j) * width + d]!
        return Math.exp(score * scale + biasAt(Math.floor(pair / heads), pair % heads, i, j))
      })
      const total = exponentials.reduce((a, b) => a + b, 0)
      for (let d = 0; d < valueWidth; d++) {
        y.push(exponentials.reduce((sum, e, j) => sum + (e / total) * value![(pair * keys + j) * valueWidth + d]!, 0))
      }
    }
  }
  return y
}

it('is what its definition says, and so are the gradients of query, key and value', () => {
  const kernel = (q: Tensor4D, k: Tensor4D, v: Tensor4D) => scaledDotProductAttention(q, k, v, scale)
  expectAsDefined(kernel as never, (...given) => byDefinition(given, () => 0), inputs)
})

const biases: [string, number[]][] = [
  ['of every image and head', [batch, heads, queries, keys]],
  ['of every head', [1, heads, queries, keys]],
  ['of every head, without an axis of images', [heads, queries, keys]],
  ['of every image', [batch, 1, queries, keys]],
  ['of keys alone', [1, 1, 1, keys]],
]

it.each(biases)('adds a bias %s, and gives its gradient', (_, shape) => {
  const full = [1, 1, 1, 1, ...shape].slice(-4)
  const at = (...index: number[]) => full.reduce((flat, size, axis) => flat * size + (size === 1 ? 0 : index[axis]!), 0)
  const kernel = (q: Tensor4D, k: Tensor4D, v: Tensor4D, bias: Tensor) =>
    scaledDotProductAttention(q, k, v, scale, bias)
  const definition = (...[q, k, v, bias]: Float64Array[]) =>
    byDefinition([q!, k!, v!], (...index) => bias![at(...index)]!)
  expectAsDefined(kernel as never, definition, [...inputs, given('bias', shape)])
})

it('ignores keys whose bias is −100, by which shifted windows mask them', () => {
  const [q, k] = [tf.zeros([1, 1, 1, 2]) as Tensor4D, tf.zeros([1, 1, 2, 2]) as Tensor4D]
  const value = tf.tensor4d([3, 8], [1, 1, 2, 1])
  expect(scaledDotProductAttention(q, k, value, 1, tf.tensor4d([0, -100], [1, 1, 1, 2])).dataSync()[0]).toBe(3)
})

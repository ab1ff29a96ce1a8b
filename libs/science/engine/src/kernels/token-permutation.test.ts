import fc from 'fast-check'
import { expect, it } from 'vitest'
import { permutation } from '../random.ts'
import { tf, type Tensor3D } from '../tf.ts'
import { permuteTokens, tokenPermutation } from './token-permutation.ts'

const cases = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  tokens: fc.integer({ min: 1, max: 12 }),
  width: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(),
})

it('takes token i from position order[i], in every image', () => {
  fc.assert(
    fc.property(cases, ({ batch, tokens, width, seed }) => {
      const order = permutation({ seed, purpose: 'order' }, tokens)
      const x: Tensor3D = tf.range(0, batch * tokens * width).reshape([batch, tokens, width])
      const images = permuteTokens(x, tokenPermutation(order)).arraySync()
      const expected = x.arraySync().map((image) => order.map((from) => image[from]))
      expect(images).toEqual(expected)
    }),
  )
})

it('returns the gradient to the position that each token came from', () => {
  fc.assert(
    fc.property(cases, ({ batch, tokens, width, seed }) => {
      const moved = tokenPermutation(permutation({ seed, purpose: 'order' }, tokens))
      const gradient: Tensor3D = tf.range(0, batch * tokens * width).reshape([batch, tokens, width])
      const ofX = tf.grad((x) => permuteTokens(x as Tensor3D, moved))(tf.zerosLike(gradient), gradient)
      expect(permuteTokens(ofX as Tensor3D, moved).arraySync()).toEqual(gradient.arraySync())
    }),
  )
})

it('undoes an order by its inverse', () => {
  const moved = tokenPermutation([2, 0, 3, 1])
  expect(moved.inverse).toEqual([1, 3, 0, 2])
  expect(moved.order.map((from) => moved.inverse[from])).toEqual([0, 1, 2, 3])
})

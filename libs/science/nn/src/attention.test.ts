import { tf, uniform, type Tensor4D } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { attention } from './attention.ts'

const draw = (purpose: string) => tf.tensor4d(uniform({ seed: 1, purpose }, 48), [2, 2, 4, 3])

it('with a bias that leaves one key gives the value of that key', () => {
  const [query, key, value] = [draw('query'), draw('key'), draw('value')]
  const bias = tf.tensor4d([-1e4, -1e4, 0, -1e4], [1, 1, 1, 4])
  const y = attention(query, key, value, { scale: 1, bias })
  const chosen: Tensor4D = value.slice([0, 0, 2, 0], [2, 2, 1, 3])
  expect(y.sub(chosen).abs().max().dataSync()[0]).toBeLessThan(1e-6)
})

it('at scale 0 gives the mean of the values', () => {
  const value = draw('value')
  const y = attention(draw('query'), draw('key'), value, { scale: 0 })
  expect(y.sub(value.mean(2, true)).abs().max().dataSync()[0]).toBeLessThan(1e-6)
})

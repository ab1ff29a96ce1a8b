import { expect, it } from 'vitest'
import { nativeBackend } from './operator.ts'
import { tf, type Scalar, type Tensor } from './tf.ts'

const alive = () => nativeBackend().getNumOfTFTensors()

/** Gives x itself, and calls `look` when the gradient arrives there. */
const looking = (look: () => void) =>
  tf.customGrad((x) => ({
    value: (x as Tensor).clone(),
    gradFunc: (dy: Tensor) => {
      look()
      return dy
    },
  }))

it('keeps no tensor of the operators that a gradient has passed', () => {
  const aliveAtTheEnd = (length: number) => {
    let count = 0
    const before = alive()
    const chain = (x: Tensor): Scalar => {
      let y: Tensor = looking(() => (count = alive() - before))(x)
      for (let i = 0; i < length; i++) y = y.tanh().mul(y).add(y)
      return y.sum()
    }
    tf.grad(chain)(tf.ones([4])).dispose()
    return count
  }
  aliveAtTheEnd(1)
  expect(aliveAtTheEnd(40)).toBeLessThanOrEqual(aliveAtTheEnd(2) + 2)
})

it('keeps no values of operators whose gradients use only shapes', () => {
  const aliveAfter = (length: number) => {
    let count = 0
    const chain = (x: Tensor): Scalar => {
      let y = x
      const before = alive()
      for (let i = 0; i < length; i++)
        y = tf.tidy(() => tf.concat([y.add(1).sub(2), y.reshape([4, 1]).flatten()]).slice([1], [4]))
      count = alive() - before
      return y.sum()
    }
    expect([
      ...tf
        .grad(chain)(tf.ones([4]))
        .dataSync(),
    ]).toEqual([1, 1, 1, 1])
    return count
  }
  // Each turn returned one tensor, and nothing else is alive.
  expect(aliveAfter(40) - aliveAfter(2)).toBe(38)
})

it('gives the same gradients as before: of sums of one tensor, with a given output gradient, and of gradients', () => {
  const x = tf.tensor1d([0.5, -2])
  const doubled = tf.grad((a: Tensor) =>
    a
      .add(a)
      .add(looking(() => {})(a))
      .mul(a),
  )
  expect([...doubled(x).dataSync()]).toEqual([3, -12])
  const given = tf.tensor1d([2, 3])
  expect([
    ...tf
      .grad((a: Tensor) => a.square())(x, given)
      .dataSync(),
  ]).toEqual([2, -12])
  expect([...given.dataSync()]).toEqual([2, 3])
  const second = tf.grad((a: Tensor) => tf.grad((b: Tensor) => b.pow(tf.scalar(3)))(a))
  expect([...second(x).dataSync()]).toEqual([3, -12])
})

it('leaves no tensor behind and disposes of none of the caller’s', () => {
  const [x, factor] = [tf.ones([3]), tf.ones([3])]
  const before = tf.memory().numTensors
  const { value, grads } = tf.valueAndGrads((a: Tensor, b: Tensor) => a.mul(b).mul(factor).sum())([x, factor])
  tf.dispose([value, ...grads])
  expect(tf.memory().numTensors).toBe(before)
  expect([...factor.dataSync()]).toEqual([1, 1, 1])
})

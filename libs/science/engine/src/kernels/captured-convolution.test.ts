import { expect, it } from 'vitest'
import { ProgramBuilder } from '../programs/index.ts'
import { tf, type Tensor1D, type Tensor4D } from '../tf.ts'
import { convolve, convolveDepthwise } from './convolution.ts'

const geometries = [
  { stride: 1, padding: { top: 1, bottom: 1, left: 1, right: 1 } },
  { stride: 2, padding: { top: 1, bottom: 1, left: 1, right: 1 } },
  { stride: 1, padding: { top: 0, bottom: 2, left: 0, right: 2 } },
  { stride: 1, padding: { top: 0, bottom: 0, left: 0, right: 0 } },
]

// TensorFlow's graph rewriter ends the process where it fuses a depthwise convolution of explicit padding with its
// bias.
it.each(geometries)('gives the same numbers in a captured program, with bias and activation: %o', (geometry) => {
  const bias = tf.tensor1d([1, 2, 3])
  const [filter, depthwise] = [tf.ones([3, 3, 3, 3]) as Tensor4D, tf.ones([3, 3, 3, 1]) as Tensor4D]
  const run = (x: Tensor4D, added: Tensor1D) => [
    tf.relu(convolve(x, filter, geometry, added)),
    tf.relu(convolveDepthwise(x, depthwise, geometry, added)),
  ]
  const x = tf.range(0, 2 * 6 * 6 * 3).reshape([2, 6, 6, 3]) as Tensor4D
  const builder = new ProgramBuilder({ bias })
  const program = builder.capture(
    'convolutions',
    ({ images }, state) => ({ outputs: run(images as Tensor4D, state.bias) }),
    {
      images: x,
    },
  )
  const session = builder.load()
  const captured = session.run(program, { images: x })
  run(x, bias).forEach((tensor, i) => expect([...captured[i]!.dataSync()]).toEqual([...tensor.dataSync()]))
  session.dispose()
  builder.dispose()
})

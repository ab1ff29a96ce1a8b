import { expect, it } from 'vitest'
import { convolve } from './kernels/convolution.ts'
import { nativeBackend } from './operator.ts'
import { bfloat16, float16 } from './programs/index.ts'
import { EngineUnsound, knownProof, proveEngine } from './prove-engine.ts'
import { convolutionByDefinition } from './testing/convolution-by-definition.ts'
import { tf } from './tf.ts'

it('an engine that computes is proven, and nothing of the proof stays', () => {
  const before = tf.memory().numTensors
  expect(proveEngine()).toEqual({
    libtensorflow: nativeBackend().binding.TF_Version,
  })
  expect(tf.memory().numTensors).toBe(before)
})

it('the numbers it has to give are those of the definition', () => {
  const { image, filter, loss, ofImage, ofFilter } = knownProof
  const given = {
    xShape: [1, 3, 3, 1],
    filterShape: [2, 2, 1, 1],
    geometry: { stride: 1, padding: { top: 0, bottom: 0, left: 0, right: 0 } },
    depthwise: false,
  } as const
  const { y } = convolutionByDefinition(given, image, filter, new Float64Array(4))
  expect(loss).toEqual([y.reduce((sum, value) => sum + value ** 2 / 2, 0)])
  const gradients = convolutionByDefinition(given, image, filter, y)
  expect([ofImage, ofFilter]).toEqual([[...gradients.ofX], [...gradients.ofFilter]])
})

it('an engine that computes something else is not', () => {
  const wrong: typeof convolve = (x, filter, geometry) => convolve(x, filter, geometry).mul(1.1)
  expect(() => proveEngine(wrong)).toThrow(EngineUnsound)
  expect(() => proveEngine(wrong)).toThrow(/^a convolution's loss is 23\.\S* and should be 19\.5$/)
})

it.each([bfloat16, float16])('an engine that computes in $name is proven', (precision) => {
  expect(() => proveEngine(convolve, precision)).not.toThrow()
})

it('an engine that does not compute at all says why', () => {
  const failing: typeof convolve = () => {
    throw new TypeError('isNullOrUndefined is not a function')
  }
  expect(() => proveEngine(failing)).toThrow('isNullOrUndefined is not a function')
})

import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { nativeBackend } from '../operator.ts'
import { uniform } from '../random.ts'
import { convolutionByDefinition, outputShape, type ConvolutionCase } from '../testing/convolution-by-definition.ts'
import { tf, type Tensor1D, type Tensor4D } from '../tf.ts'
import { convolve, convolveDepthwise } from './convolution.ts'

const side = fc.integer({ min: 1, max: 7 })
const channels = fc.integer({ min: 1, max: 4 })
const zeros = fc.integer({ min: 0, max: 3 })

const cases: fc.Arbitrary<ConvolutionCase> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: side,
    width: side,
    input: channels,
    output: channels,
    kernel: fc.constantFrom(1, 1, 2, 3, 5),
    depthwise: fc.boolean(),
    groups: fc.constantFrom(1, 1, 2, 3),
    geometry: fc.record({
      stride: fc.integer({ min: 1, max: 3 }),
      padding: fc.oneof(
        fc.constant({ top: 0, bottom: 0, left: 0, right: 0 }),
        fc.record({ top: zeros, bottom: zeros, left: zeros, right: zeros }),
      ),
    }),
  })
  .map(({ batch, height, width, input, output, kernel, depthwise, groups, geometry }) => ({
    xShape: [batch, height, width, depthwise ? input : input * groups] as const,
    filterShape: [kernel, kernel, input, depthwise ? 1 : output * groups] as const,
    depthwise,
    geometry,
  }))
  .filter((each) => outputShape(each).every((size) => size > 0))

it('computes what the definition says, and so are both gradients, also in groups', () => {
  fc.assert(
    fc.property(cases, fc.nat(), (given, seed) => {
      const draw = (purpose: string, shape: readonly number[]) =>
        uniform({ seed, purpose }, count(shape)).map((u) => 2 * u - 1)
      const [x, filter, gradient] = [
        draw('x', given.xShape),
        draw('filter', given.filterShape),
        draw('gradient', outputShape(given)),
      ]
      const expected = convolutionByDefinition(given, x, filter, gradient)
      const actual = withGradients(given, x, filter, gradient)
      expectClose(actual.y, expected.y)
      expectClose(actual.ofX, expected.ofX)
      expectClose(actual.ofFilter, expected.ofFilter)
    }),
    { numRuns: 200 },
  )
})

/** The padding that each of TensorFlow's backward kernels is given. */
function backwardPaddings(run: () => void): string[] {
  const execute = vi.spyOn(nativeBackend(), 'executeMultipleOutputs')
  run()
  const calls = execute.mock.calls.filter(([name]) => name.startsWith('Conv2DBackprop'))
  execute.mockRestore()
  return calls.map(([name, attributes]) => {
    const { value } = (attributes as { name: string; value: unknown }[]).find((one) => one.name === 'padding')!
    return `${name.slice('Conv2DBackprop'.length)} ${String(value)}`
  })
}

it.each([
  ['some channels', 6, 5, ['Filter VALID', 'Input VALID']],
  ['few channels', 3, 5, ['Filter VALID', 'Input EXPLICIT']],
  ['a large filter', 172, 172, ['Filter EXPLICIT', 'Input VALID']],
])(
  'gives the gradients of a strided convolution of %s by the kernels that are fastest there',
  (_, channels, outputs, paddings) => {
    const given: ConvolutionCase = {
      xShape: [1, 6, 7, channels],
      filterShape: [3, 3, channels, outputs],
      depthwise: false,
      geometry: { stride: 2, padding: { top: 1, bottom: 1, left: 1, right: 0 } },
    }
    const draw = (purpose: string, shape: readonly number[]) =>
      uniform({ seed: 0, purpose }, count(shape)).map((u) => 2 * u - 1)
    const [x, filter, gradient] = [
      draw('x', given.xShape),
      draw('filter', given.filterShape),
      draw('gradient', [1, 3, 3, outputs]),
    ]
    let actual!: ReturnType<typeof withGradients>
    expect(backwardPaddings(() => (actual = withGradients(given, x, filter, gradient))).toSorted()).toEqual(paddings)
    const expected = convolutionByDefinition(given, x, filter, gradient)
    expectClose(actual.ofX, expected.ofX)
    expectClose(actual.ofFilter, expected.ofFilter)
  },
)

it('computes no gradient of the filter when only that of the input is asked for, as an attack does', () => {
  const execute = vi.spyOn(nativeBackend(), 'executeMultipleOutputs')
  const filter: Tensor4D = tf.ones([3, 3, 2, 2])
  const padding = { top: 1, bottom: 1, left: 1, right: 1 }
  tf.tidy(() => tf.grad((x) => convolve(x as Tensor4D, filter, { stride: 1, padding }).sum())(tf.ones([1, 4, 4, 2])))
  const operators = execute.mock.calls.map(([name]) => name)
  expect(operators).toEqual(['Conv2D', 'ReverseV2', 'Transpose', 'Conv2D'])
  execute.mockRestore()
})

it('with a stride equal to the kernel gives what the convolution with one more row of zeros gives', () => {
  const draw = (purpose: string, shape: [number, number, number, number]) =>
    tf.tensor4d(uniform({ seed: 1, purpose }, count(shape)), shape)
  const [x, filter, gradient] = [draw('x', [2, 4, 6, 3]), draw('filter', [2, 2, 3, 5]), draw('gradient', [2, 2, 3, 5])]
  const none = { top: 0, bottom: 0, left: 0, right: 0 }
  const of = (padding: typeof none) =>
    tf.grads((a, b) =>
      convolve(a as Tensor4D, b as Tensor4D, { stride: 2, padding })
        .mul(gradient)
        .sum(),
    )([x, filter])
  const expected = of({ ...none, bottom: 1 })
  of(none).forEach((tensor, i) => expectClose(tensor.dataSync(), Float64Array.from(expected[i]!.dataSync())))
})

it('adds a bias to every kind of convolution, and sums its gradient over all positions', () => {
  const shapes = [[1, 1, 4, 6], [2, 2, 4, 6], [3, 3, 4, 6], [3, 3, 2, 6]] as const // prettier-ignore
  for (const [height, width, inputs, outputs] of shapes) {
    const [x, filter]: Tensor4D[] = [tf.ones([2, 4, 4, 4]), tf.ones([height, width, inputs, outputs])]
    const bias = tf.tensor1d([1, 2, 3, 4, 5, 6])
    const geometry = { stride: height === 2 ? 2 : 1, padding: { top: 0, bottom: 0, left: 0, right: 0 } }
    const difference = convolve(x!, filter!, geometry, bias).sub(convolve(x!, filter!, geometry))
    expect([...difference.slice([1, 1, 1], [1, 1, 1]).dataSync()]).toEqual([1, 2, 3, 4, 5, 6])
    const gradient = tf.grad((b) => convolve(x!, filter!, geometry, b as Tensor1D).sum())(bias)
    expect([...gradient.dataSync()]).toEqual(Array(6).fill(difference.size / 6))
  }
})

it('adds a bias to depthwise convolutions whatever their padding', () => {
  fc.assert(
    fc.property(cases, ({ xShape, filterShape, geometry }) => {
      tf.tidy(() => {
        const channels = xShape[3]
        const draw = (purpose: string, shape: number[]) => tf.tensor(uniform({ seed: 2, purpose }, count(shape)), shape)
        const [x, filter] = [draw('x', [...xShape]), draw('filter', [filterShape[0], filterShape[1], channels, 1])]
        const bias = tf.range(0, channels) as Tensor1D
        const run = (image: Tensor4D, added?: Tensor1D) => convolveDepthwise(image, filter as Tensor4D, geometry, added)
        const expected = run(x as Tensor4D).add(bias)
        expectClose(run(x as Tensor4D, bias).dataSync(), Float64Array.from(expected.dataSync()))
        const of = (added?: Tensor1D) =>
          tf.grad((image) =>
            run(image as Tensor4D, added)
              .square()
              .sum(),
          )(x)
        const difference = tf.grad((image) =>
          run(image as Tensor4D)
            .mul(bias)
            .mul(2)
            .sum(),
        )(x)
        expectClose(of(bias).dataSync(), Float64Array.from(of().add(difference).dataSync()))
      })
    }),
    { numRuns: 50 },
  )
})

it('leaves no tensor behind', () => {
  const before = tf.memory().numTensors
  const given: ConvolutionCase = {
    xShape: [2, 5, 5, 3],
    filterShape: [3, 3, 3, 1],
    depthwise: true,
    geometry: { stride: 1, padding: { top: 1, bottom: 1, left: 1, right: 1 } },
  }
  withGradients(given, new Float32Array(150), new Float32Array(27), new Float32Array(150))
  expect(tf.memory().numTensors).toBe(before)
})

/** The output of the kernel, and the gradients of the sum of the output times `gradient`. */
function withGradients(given: ConvolutionCase, x: Float32Array, filter: Float32Array, gradient: Float32Array) {
  const convolution = given.depthwise ? convolveDepthwise : convolve
  const inputs = [tf.tensor4d(x, [...given.xShape]), tf.tensor4d(filter, [...given.filterShape])]
  const run = (a: Tensor4D, b: Tensor4D) => convolution(a, b, given.geometry)
  const scope = tf.engine()
  scope.startScope()
  const y = run(inputs[0]!, inputs[1]!).dataSync()
  const weighed = (a: Tensor4D, b: Tensor4D) =>
    run(a, b)
      .mul(tf.tensor4d(gradient, outputShape(given)))
      .sum()
  const [ofX, ofFilter] = tf
    .grads(weighed as never)(inputs)
    .map((tensor) => tensor.dataSync())
  scope.endScope()
  tf.dispose(inputs)
  return { y, ofX: ofX!, ofFilter: ofFilter! }
}

function expectClose(actual: ArrayLike<number>, expected: Float64Array): void {
  expect(actual.length).toBe(expected.length)
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!), `at ${i}`).toBeLessThan(2e-5 * largest)
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

import { expect, it } from 'vitest'
import { tf, type Tensor } from '../tf.ts'
import { DataType, type Attribute } from '../graphs/graph.ts'
import { outputTypesOf, type OperatorInput } from './operator-types.ts'
import { ProgramBuilder } from '../programs/program-builder.ts'
import { CaptureRefused } from './refusals.ts'

const float32 = { T: { type: DataType.float32 } }
const matrix = (...shape: number[]) => ({ dataType: DataType.float32, shape })
const integers = (...values: number[]) => ({
  dataType: DataType.int32,
  shape: [values.length],
  content: new Uint8Array(Int32Array.from(values).buffer),
})

const known: [operator: string, attributes: Record<string, Attribute>, inputs: OperatorInput[], shapes: number[][]][] = [
  ['MatMul', { ...float32, transpose_a: { truth: true }, transpose_b: { truth: false } }, [matrix(3, 5), matrix(3, 7)], [[5, 7]]],
  ['AddV2', float32, [matrix(4, 1, 3), matrix(2, 3)], [[4, 2, 3]]],
  ['Reshape', { ...float32, Tshape: { type: DataType.int32 } }, [matrix(4, 6), integers(-1, 8)], [[3, 8]]],
  ['ConcatV2', { ...float32, N: { integer: 2 }, Tidx: { type: DataType.int32 } }, [matrix(2, 3), matrix(2, 4), { ...integers(1), shape: [] }], [[2, 7]]],
] // prettier-ignore

it.each(known)('knows the output shapes of %s without running it', (operator, attributes, inputs, shapes) => {
  const types = outputTypesOf(operator, attributes, inputs)
  expect(types).toEqual(shapes.map((shape) => ({ dataType: DataType.float32, shape })))
})

it('refuses a shape that depends on unknown values, and throws TensorFlow’s message for inputs that do not fit', () => {
  const reshape = { ...float32, Tshape: { type: DataType.int32 } }
  const unknown = { dataType: DataType.int32, shape: [2] }
  expect(() => outputTypesOf('Reshape', reshape, [matrix(4, 6), unknown])).toThrow(CaptureRefused)
  expect(() => outputTypesOf('MatMul', float32, [matrix(2, 3), matrix(4, 5)])).toThrow('Dimensions must be equal')
})

it('computes nothing of a program while it is captured', () => {
  const builder = new ProgramBuilder({ w: tf.ones([3]) })
  const beyondAddresses = ({ x }: { x: Tensor }, { w }: { w: Tensor }) => ({
    outputs: x
      .tile([2 ** 30])
      .add(w.sum())
      .sum(),
  })
  expect(builder.capture('huge', beyondAddresses, { x: tf.ones([2 ** 20]) }).peakBytes).toBeGreaterThan(2 ** 52)
  builder.dispose()
})

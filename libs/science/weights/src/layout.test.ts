import { tf, type Tensor4D } from '@gauntlet/engine'
import type { ParameterKind, ParameterSpecification } from '@gauntlet/nn'
import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { fromParameters, toParameters } from './layout.ts'
import { elementCount, type NamedArray } from './named-array.ts'

const specification = (name: string, kind: ParameterKind, shape: readonly number[]): ParameterSpecification => ({
  name,
  kind,
  shape,
  trainable: kind !== 'counter',
  decayed: false,
})
const counted = (name: string, shape: readonly number[]): NamedArray => ({
  name,
  shape,
  dtype: 'float32',
  data: Float32Array.from({ length: elementCount(shape) }, (_, i) => i),
})
const size = fc.integer({ min: 1, max: 4 })

it('converts tensors of every kind there and back, counters as int64', () => {
  const shapes = fc.tuple(size, size, size, size)
  fc.assert(
    fc.property(shapes, ([a, b, c, d]) => {
      const specifications = [
        specification('convolution', 'convolution', [a, b, c, d]),
        specification('depthwise', 'depthwise', [a, 1, c, d]),
        specification('convolution1d', 'convolution1d', [a, b, c]),
        specification('linear', 'linear', [a, b]),
        specification('plain', 'plain', [d]),
        specification('counter', 'counter', []),
      ]
      const counter: NamedArray = { name: 'counter', dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(a)) }
      const arrays = [...specifications.slice(0, 5).map(({ name, shape }) => counted(name, shape)), counter]
      const parameters = toParameters(arrays, specifications)
      expect(fromParameters(parameters, specifications)).toEqual(arrays)
      tf.dispose([...parameters.entries()].map(([, tensor]) => tensor))
    }),
  )
})

test.each<[ParameterKind, number[], number[], (i: number[]) => number[]]>([
  ['convolution', [2, 3, 4, 5], [4, 5, 3, 2], ([row, column, input, output]) => [output!, input!, row!, column!]],
  ['depthwise', [6, 1, 2, 3], [2, 3, 6, 1], ([row, column, channel]) => [channel!, 0, row!, column!]],
  ['linear', [2, 3], [3, 2], ([input, output]) => [output!, input!]],
])('%s: each number is where tfjs expects it', (kind, torchShape, tfjsShape, torchIndex) => {
  const array = counted('w', torchShape)
  const tensor = toParameters([array], [specification('w', kind, torchShape)]).tensor('w')
  expect(tensor.shape).toEqual(tfjsShape)
  const flat = (index: number[], shape: number[]) => index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0)
  tensor.dataSync().forEach((value, position) => {
    const index = tfjsShape.map(
      (_, axis) => Math.floor(position / elementCount(tfjsShape.slice(axis + 1))) % tfjsShape[axis]!,
    )
    expect(value).toBe(flat(torchIndex(index), torchShape))
  })
})

it('converts half-precision checkpoints to float32', () => {
  const half: NamedArray = { name: 'w', dtype: 'float16', shape: [3], data: Uint16Array.of(0x3c00, 0xc000, 0x0001) }
  const brain: NamedArray = { name: 'b', dtype: 'bfloat16', shape: [2], data: Uint16Array.of(0x3f80, 0xc049) }
  const parameters = toParameters([half, brain], [specification('w', 'plain', [3]), specification('b', 'plain', [2])])
  expect([...parameters.tensor('w').dataSync()]).toEqual([1, -2, 2 ** -24])
  expect([...parameters.tensor('b').dataSync()]).toEqual([1, -3.140625])
})

it('leaves nothing behind but the tensors it gives', () => {
  const before = tf.memory().numTensors
  const specifications = [specification('w', 'convolution', [2, 2, 3, 3])]
  const parameters = toParameters([counted('w', [2, 2, 3, 3])], specifications)
  fromParameters(parameters, specifications)
  expect(tf.memory().numTensors).toBe(before + 1)
  parameters.tensor<Tensor4D>('w').dispose()
})

it('holds a shared tensor once, and writes it under each of its names', () => {
  const first = specification('mlp2.weight', 'linear', [2, 3])
  const specifications = [first, { ...first, name: 'mlp3.weight', trainable: false, sharedWith: 'mlp2.weight' }]
  const arrays = specifications.map(({ name, shape }) => counted(name, shape))
  const parameters = toParameters(arrays, specifications)
  expect([...parameters.entries()].map(([name]) => name)).toEqual(['mlp2.weight'])
  expect(fromParameters(parameters, specifications)).toEqual(arrays)
})

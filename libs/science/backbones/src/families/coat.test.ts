import { tf } from '@gauntlet/engine'
import { evaluationMode, Parameters } from '@gauntlet/nn'
import { elementCount, fromParameters, loadStrictly, toParameters, type NamedArray } from '@gauntlet/weights'
import { expect, it } from 'vitest'
import { backboneFor } from '../registry.ts'

const backbone = backboneFor('coat_tiny.in1k')
const specifications = backbone.specifications(1000)
const copies = specifications.filter(({ sharedWith }) => sharedWith !== undefined)

it('has the 546 names of timm, for 326 tensors with 5,498,540 parameters', () => {
  expect(specifications).toHaveLength(546)
  const learned = specifications.filter(({ trainable }) => trainable)
  expect(learned).toHaveLength(326)
  expect(learned.reduce((sum, { shape }) => sum + elementCount(shape), 0)).toBe(5_498_540)
})

it('shares one MLP between the three scales of a block, and one encoding between the blocks of a scale', () => {
  const first = (name: string) => specifications.find((one) => one.name === name)?.sharedWith
  expect(first('parallel_blocks.3.mlp4.fc2.bias')).toBe('parallel_blocks.3.mlp2.fc2.bias')
  expect(first('parallel_blocks.3.mlp2.fc2.bias')).toBeUndefined()
  expect(first('serial_blocks2.1.cpe.proj.weight')).toBe('cpe2.proj.weight')
  expect(first('serial_blocks1.0.factoratt_crpe.crpe.conv_list.2.bias')).toBe('crpe1.conv_list.2.bias')
  expect(first('parallel_blocks.5.factoratt_crpe4.crpe.conv_list.0.weight')).toBe('crpe4.conv_list.0.weight')
})

it('loads and writes a checkpoint with every name, and refuses one whose copies differ', () => {
  const arrays = specifications.map(({ name, shape, sharedWith = name }): NamedArray => {
    const number = specifications.findIndex((one) => one.name === sharedWith)
    return { name, shape, dtype: 'float32', data: new Float32Array(elementCount(shape)).fill(number) }
  })
  const parameters = toParameters(loadStrictly(arrays, specifications), specifications)
  expect([...parameters.entries()]).toHaveLength(326)
  const written = fromParameters(parameters, specifications)
  tf.dispose([...parameters.entries()].map(([, tensor]) => tensor))
  expect(written.map(({ name }) => name)).toEqual(arrays.map(({ name }) => name))
  expect(written.map(({ data }) => data[0])).toEqual(arrays.map(({ data }) => data[0]))
  const other = copies[7]!.name
  const damaged = arrays.map((array) =>
    array.name === other ? { ...array, data: new Float32Array(array.data.length) } : array,
  )
  expect(() => loadStrictly(damaged, specifications)).toThrow(`unlike the tensor they share: ${other}`)
})

it('leaves out the unused norm of the first scale, and nothing else', () => {
  const names = ['norm1.weight', 'norm1.bias', 'norm2.weight', 'serial_blocks1.0.norm1.weight', 'norm12.weight']
  const arrays = names.map((name): NamedArray => ({ name, dtype: 'float32', shape: [0], data: new Float32Array() }))
  expect(backbone.convertCheckpoint(arrays).map(({ name }) => name)).toEqual(names.slice(2))
})

it('refuses sides that are not a multiple of 32, before it reads a tensor', () => {
  for (const shape of [
    [1, 48, 48, 3],
    [1, 64, 96, 3],
  ] as const) {
    const compute = () => backbone.logits(tf.zeros([...shape]), Parameters.of([]), evaluationMode)
    expect(compute).toThrow(
      expect.objectContaining({ name: 'InvalidInput', message: expect.stringContaining('multiple of 32') }),
    )
  }
})

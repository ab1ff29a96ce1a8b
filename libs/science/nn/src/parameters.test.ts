import { tf } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { MissingParameter, Parameters } from './parameters.ts'

const weight = tf.scalar(1)
const parameters = Parameters.of([['blocks.0.conv.weight', weight]])

it('gives a module and its submodules by their names', () => {
  const convolution = parameters.at('blocks.0').at('conv')
  expect(convolution.tensor('weight')).toBe(weight)
  expect(convolution.has('bias')).toBe(false)
  expect(convolution.fullName('weight')).toBe('blocks.0.conv.weight')
})

it('names a missing tensor in full', () => {
  expect(() => parameters.at('blocks.1').tensor('weight')).toThrow(MissingParameter)
  expect(() => parameters.at('blocks.1').tensor('weight')).toThrow('blocks.1.weight')
})

it('lists every tensor by full name, whatever the prefix', () => {
  expect([...parameters.at('elsewhere').entries()]).toEqual([['blocks.0.conv.weight', weight]])
})

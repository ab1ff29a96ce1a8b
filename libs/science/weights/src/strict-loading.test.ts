import type { ParameterSpecification } from '@gauntlet/nn'
import { expect, it, test } from 'vitest'
import type { NamedArray } from './named-array.ts'
import { loadStrictly, WeightsMismatch } from './strict-loading.ts'

const plain = { kind: 'plain', trainable: true, decayed: false } as const
const specifications: ParameterSpecification[] = [
  { ...plain, name: 'conv.weight', shape: [2, 3] },
  { ...plain, name: 'conv.counter', shape: [], kind: 'counter' },
  { ...plain, name: 'head.bias', shape: [2] },
]
const array = (name: string, shape: number[], ...values: number[]): NamedArray => ({
  name,
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
})
const counter: NamedArray = { name: 'conv.counter', dtype: 'int64', shape: [], data: BigInt64Array.of(7n) }
const weight = array('conv.weight', [2, 3], 1, 2, 3, 4, 5, 6)
const bias = array('head.bias', [2], 1, 2)

it('gives the tensors in the order of the model, whatever the order of the file', () => {
  expect(loadStrictly([bias, counter, weight], specifications)).toEqual([weight, counter, bias])
})

test.each<[string, NamedArray[], string]>([
  ['a missing tensor', [weight, counter], 'missing: head.bias'],
  ['an unexpected tensor', [weight, counter, bias, array('tail', [1], 0)], 'unexpected: tail'],
  ['a tensor given twice', [weight, counter, bias, bias], 'given twice: head.bias'],
  [
    'a shape that only has the right number of elements',
    [array('conv.weight', [3, 2], 1, 2, 3, 4, 5, 6), counter, bias],
    'conv.weight is [3, 2] instead of [2, 3]',
  ],
  [
    'a number that is not finite',
    [weight, counter, array('head.bias', [2], 1, NaN)],
    'head.bias has a number that is not finite at 1',
  ],
  [
    'an infinite number',
    [weight, counter, array('head.bias', [2], -Infinity, 1)],
    'head.bias has a number that is not finite at 0',
  ],
  [
    'integers for weights',
    [weight, counter, { ...bias, dtype: 'int32', data: Int32Array.of(1, 2) }],
    'head.bias is int32',
  ],
  [
    'a count that is not an integer',
    [weight, array('conv.counter', [], 1), bias],
    'conv.counter is float32 instead of an integer',
  ],
])('refuses %s by name', (_, arrays, fault) => {
  expect(() => loadStrictly(arrays, specifications)).toThrow(WeightsMismatch)
  expect(() => loadStrictly(arrays, specifications)).toThrow(fault)
})

it('names all faults at once', () => {
  const arrays = [array('conv.weight', [6], 1, 2, 3, 4, 5, Infinity), array('tail', [1], 0)]
  expect(() => loadStrictly(arrays, specifications)).toThrow(
    'The checkpoint does not fit the model (missing: conv.counter, head.bias; unexpected: tail; conv.weight is [6] instead of [2, 3]); give the file that belongs to this backbone.',
  )
})

it('names ten tensors for each kind of fault, and counts the rest', () => {
  const many = Array.from({ length: 300 }, (_, i) => array(`tail.${i}`, [1], 0))
  const misfits = Array.from({ length: 12 }, (_, i): ParameterSpecification => ({
    ...plain,
    name: `tail.${i}`,
    shape: [2],
  }))
  const named = Array.from({ length: 10 }, (_, i) => `tail.${i}`)
  expect(() => loadStrictly([weight, counter, bias, ...many], specifications)).toThrow(
    `unexpected: ${named.join(', ')} and 290 more, 300 in all)`,
  )
  expect(() => loadStrictly(many.slice(0, 12), misfits)).toThrow('tail.9 is [1] instead of [2] and 2 more, 12 in all)')
})

it('requires a shared tensor under each of its names, with the same numbers', () => {
  const shared: ParameterSpecification[] = [
    { ...plain, name: 'mlp2.bias', shape: [2] },
    { ...plain, name: 'mlp3.bias', shape: [2], trainable: false, sharedWith: 'mlp2.bias' },
  ]
  const [first, copy] = [array('mlp2.bias', [2], 1, 2), array('mlp3.bias', [2], 1, 2)]
  expect(loadStrictly([first, copy], shared)).toEqual([first, copy])
  expect(() => loadStrictly([first], shared)).toThrow('missing: mlp3.bias')
  expect(() => loadStrictly([first, array('mlp3.bias', [2], 1, 3)], shared)).toThrow(
    'unlike the tensor they share: mlp3.bias',
  )
})

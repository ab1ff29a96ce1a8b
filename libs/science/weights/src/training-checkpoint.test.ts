import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCheckpoint, readCheckpoint } from './read-checkpoint.ts'

/** The files of make_training_checkpoints.py, and the prefix of each file's names. */
const files = [
  ['training.pt', ''],
  ['training-dill.pt', 'module.model.'],
] as const
const pathOf = (file: string) => join(import.meta.dirname, 'testing', file)

describe.each(files)('%s, among an optimiser, arguments, functions and objects,', (file, prefix) => {
  const arrays = readCheckpoint(pathOf(file)).filter(({ name }) => !name.startsWith('module.normalizer.'))

  it('has the model and nothing else', () => {
    const names = [
      '0.weight',
      '0.bias',
      '1.weight',
      '1.bias',
      '1.running_mean',
      '1.running_var',
      '1.num_batches_tracked',
    ]
    expect(arrays.map(({ name }) => name)).toEqual([...names, '3.weight', '3.bias'].map((name) => prefix + name))
    expect(arrays.map(({ shape }) => shape)).toEqual([[2, 3, 3, 3], [2], [2], [2], [2], [2], [], [2, 2], [2]])
    expect(arrays.find(({ name }) => name.endsWith('num_batches_tracked'))!.data).toEqual(BigInt64Array.of(1n))
  })

  it('has the numbers that were saved', () => {
    const { data } = arrays[0]!
    expect([data.length, data[0], data[1]]).toEqual([
      54,
      Math.fround(-0.0014408392598852515),
      Math.fround(0.10323861986398697),
    ])
  })

  it('reads the same from memory', () => {
    const bytes = readFileSync(pathOf(file))
    const inMemory = parseCheckpoint(bytes).filter(({ name }) => !name.startsWith('module.normalizer.'))
    expect(inMemory).toEqual(arrays)
  })
})

import { expect, it } from 'vitest'
import { OutOfMemory, raiseOutOfMemory } from './out-of-memory.ts'
import { runOperator } from './operator.ts'
import { tf } from './tf.ts'

/** A backend whose operators fail with a message of the binding. */
function failingBackend(message: string) {
  const fail = () => {
    throw new Error(message)
  }
  const backend = {
    executeSingleOutput: fail,
    executeMultipleOutputs: fail,
    runSavedModel: fail,
  } as unknown as Parameters<typeof raiseOutOfMemory>[0]
  raiseOutOfMemory(backend)
  return backend
}

it('says which tensor had no room, and what to change', () => {
  const backend = failingBackend(
    'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[1000,100] and type float on /device:GPU:0 by allocator GPU_0_bfc',
  )
  for (const execute of [backend.executeSingleOutput, backend.executeMultipleOutputs]) {
    expect(() => execute('Tile', [], [], 1)).toThrow(
      new OutOfMemory('The device has no memory left for [1000,100]; use a smaller micro-batch.'),
    )
  }
})

it('leaves other failures of operators as they are', () => {
  expect(() =>
    failingBackend('Invalid TF_Status: 3\nMessage: bad shape').executeSingleOutput('MatMul', [], []),
  ).toThrow(expect.not.objectContaining({ name: 'OutOfMemory' }))
  const [two, three] = [tf.zeros([2, 2]), tf.zeros([3, 3])]
  expect(() =>
    runOperator('MatMul', { T: { type: 'float32' }, transpose_a: false, transpose_b: false }, [two, three]),
  ).toThrow(/TF_Status: 3/)
})

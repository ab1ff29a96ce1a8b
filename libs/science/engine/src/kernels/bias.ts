import type { Tensor, Tensor1D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { addBias, sumToLastAxis } from './primitives.ts'

const kernel = defineKernel<'x' | 'bias', object>({
  name: 'GauntletBias',
  forward: ({ x, bias }) => [addBias(x, bias)],
  savedInputs: [],
  gradient: (gradient) => ({ x: () => gradient.clone(), bias: () => sumToLastAxis(gradient) }),
})

/** Adds a vector to the last axis. x: [..., channels]; bias: [channels]. */
export function withBias<T extends Tensor>(x: T, bias: Tensor1D): T {
  return kernel({ x, bias }, {})[0] as T
}

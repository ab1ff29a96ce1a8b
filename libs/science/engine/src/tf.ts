import { createRequire } from 'node:module'
import type * as Tf from '@tensorflow/tfjs-node-gpu'
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'
import { watchMemory } from './device-memory.ts'
import { freeWhileTakingGradients } from './gradient-memory.ts'
import { kernelRegistrations } from './kernel-registrations.ts'
import { raiseOutOfMemory } from './out-of-memory.ts'
import { loadTensorMemory } from './tensor-memory.ts'
import { provideFunctionsOfOlderNodes } from './functions-of-older-nodes.ts'

loadTensorMemory()
provideFunctionsOfOlderNodes()

/**
 * tfjs on libtensorflow. One package serves CPU and GPU machines: only the libtensorflow beneath differs. It is
 * CommonJS and loads a native library of hundreds of megabytes, so nothing but this module loads it.
 */
export const tf = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu') as typeof Tf

/** What tfjs does by itself, and which copy of the engine stands behind it now; kept where every copy finds it. */
interface SharedTf {
  readonly own: { readonly backend: object; readonly engine: object }
  attached: object | null
}

const shared = Symbol.for('gauntlet.engine')
const thisCopy = {}

/**
 * Puts this copy of the engine behind tfjs: its kernels, what it does at every operator and at every gradient. A
 * process may load several copies, one with each stage's bundle, and only the one attached last computes rightly. Costs
 * nothing where this copy is attached already.
 */
export function attachEngine(): void {
  const holder = tf as typeof tf & { [shared]?: SharedTf }
  const [backend, engine] = [tf.backend() as unknown as NodeJSKernelBackend, tf.engine()]
  const { executeSingleOutput, executeMultipleOutputs, runSavedModel } = backend
  const { addTapeNode, gradients } = engine as unknown as Record<'addTapeNode' | 'gradients', unknown>
  const state = (holder[shared] ??= {
    own: {
      backend: { executeSingleOutput, executeMultipleOutputs, runSavedModel },
      engine: { addTapeNode, gradients },
    },
    attached: null,
  })
  if (state.attached === thisCopy) return
  Object.assign(backend, state.own.backend)
  Object.assign(engine, state.own.engine)
  raiseOutOfMemory(backend)
  watchMemory(backend)
  freeWhileTakingGradients(tf)
  for (const register of kernelRegistrations) register()
  state.attached = thisCopy
}

attachEngine()

export type { Rank, Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D, Variable } from '@tensorflow/tfjs-node-gpu'

import { createRequire } from 'node:module'
import type * as Tf from '@tensorflow/tfjs-node-gpu'
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'
import { watchMemory } from './device-memory.ts'
import { freeWhileTakingGradients } from './gradient-memory.ts'
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

raiseOutOfMemory(tf.backend() as unknown as NodeJSKernelBackend)
watchMemory(tf.backend() as unknown as NodeJSKernelBackend)
freeWhileTakingGradients(tf)

export type { Rank, Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D, Variable } from '@tensorflow/tfjs-node-gpu'

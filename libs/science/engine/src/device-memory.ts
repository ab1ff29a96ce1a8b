import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'
import { readFileSync } from 'node:fs'
import { interceptOperators } from './operator-interception.ts'
import { OutOfMemory } from './out-of-memory.ts'

/**
 * The variable that holds how many bytes this process may have resident (`deviceVariables`). On a GPU there is none:
 * TensorFlow raises what its memory does not hold.
 */
const memoryVariable = 'GAUNTLET_DEVICE_MEMORY'

/** Of every processor that libtensorflow is built for on Linux. */
const pageBytes = 4096

/** Operators between two looks at the memory: a look takes ten microseconds. */
const operatorsBetweenChecks = 32

/**
 * Of the estimated peak of a program's own tensors: what its kernels use beside them and what is lost between runs.
 * Measured at batch 8: 1.10 (ViT-S), 0.98 (ConvNeXt-T), 0.97 (MobileViT-S), 0.67 (ResNet-50, whose tensors TensorFlow
 * lets share more).
 */
const overhead = 1.1

/** Bytes that what is under way may bring the process to. */
let limit: number | undefined

/**
 * Runs `work` with `OutOfMemory` raised where the process would come to have more resident than its worker gave it: by
 * an eager operator, or before programs are loaded, by their estimate. The system would kill it without a word. For
 * work that can be done in smaller pieces.
 */
export function withinDeviceMemory<Result>(
  work: () => Result,
  bytes = Number(process.env[memoryVariable]) || undefined,
): Result {
  const before = limit
  limit = bytes
  try {
    return work()
  } finally {
    limit = before
  }
}

/** Makes the backend's operators look at the memory now and then. */
export function watchMemory(backend: NodeJSKernelBackend): void {
  let operators = 0
  interceptOperators(backend, (_, execute) => {
    if (limit !== undefined && ++operators % operatorsBetweenChecks === 0) requireMemory(0, limit)
    return execute()
  })
}

/**
 * Requires room for a session before it is made: for its state, and for what the largest of its programs needs beside
 * it, in bytes.
 */
export function requireRoomFor(state: number, beside: number): void {
  if (limit !== undefined) requireMemory(state + overhead * beside, limit)
}

function requireMemory(more: number, allowed: number): void {
  const needed = residentBytes() + more
  if (needed <= allowed) return
  throw new OutOfMemory(
    `The device process would need ${mebibytes(needed)} MiB and may have ${mebibytes(allowed)}; use a smaller micro-batch, or fewer devices.`,
  )
}

/** Elsewhere than on Linux by Node, which takes longer. */
function residentBytes(): number {
  try {
    return Number(readFileSync('/proc/self/statm', 'latin1').split(' ')[1]) * pageBytes
  } catch {
    return process.memoryUsage.rss()
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}

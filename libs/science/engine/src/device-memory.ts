import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'
import { readFileSync } from 'node:fs'
import { interceptOperators } from './operator-interception.ts'
import { OutOfMemory } from './out-of-memory.ts'

/**
 * The environment variable that says how many bytes this process may have resident (`deviceVariables`). It is not set
 * for a GPU, where TensorFlow itself reports that memory ran out.
 */
const memoryVariable = 'GAUNTLET_DEVICE_MEMORY'

/** The size of a memory page on every processor that libtensorflow is built for on Linux. */
const pageBytes = 4096

/** How many operators run between two checks of the memory. A check takes ten microseconds. */
const operatorsBetweenChecks = 32

/**
 * A program needs so many times the estimated peak of its own tensors, because of what its kernels use beside them and
 * of memory lost between runs. Measured at batch 8: 1.10 (ViT-S), 0.98 (ConvNeXt-T), 0.97 (MobileViT-S), 0.67
 * (ResNet-50, whose tensors TensorFlow lets share more memory).
 */
const overhead = 1.1

/** The bytes that the process may have resident now; no limit where undefined. */
let limit: number | undefined

/**
 * Runs `work`, and throws `OutOfMemory` where the process would have more bytes resident than its worker allows it:
 * before an eager operator runs, or before programs are loaded, by their estimate. Otherwise the operating system would
 * kill the process without a message. This is for work that can be done in smaller pieces.
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

/** Checks the memory before every so many operators of the backend. */
export function watchMemory(backend: NodeJSKernelBackend): void {
  let operators = 0
  interceptOperators(backend, (_, execute) => {
    if (limit !== undefined && ++operators % operatorsBetweenChecks === 0) requireMemory(0, limit)
    return execute()
  })
}

/**
 * Throws `OutOfMemory` unless there is room for a session that is about to be made. `state`: bytes of its state;
 * `beside`: bytes that the largest of its programs needs beside the state.
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

/** Outside Linux this asks Node, which takes longer. */
function residentBytes(): number {
  try {
    return Number(readFileSync('/proc/self/statm', 'latin1').split(' ')[1]) * pageBytes
  } catch {
    return process.memoryUsage.rss()
  }
}

export function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}

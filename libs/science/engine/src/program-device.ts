import { pjrtDevice } from './pjrt/pjrt-device.ts'
import { activeRecording } from './recording/capturing.ts'

/** Most pixels of one channel, and most rows, that a pass through a model should have. */
export interface PassLimits {
  readonly pixels: number
  readonly rows: number
  /** Whether programs compile fast enough that another one with fewer rows may pay. */
  readonly narrows: boolean
}

/**
 * A CPU gains nothing from more (test/benchmarks/LOG.md), and the last batches of an attack would mostly be padding.
 */
const limitsOfCpu: PassLimits = { pixels: 8 * 224 ** 2, rows: 32, narrows: true }

/** An accelerator has many more units, and memory of its own. */
const limitsOfAccelerator: PassLimits = { pixels: 64 * 224 ** 2, rows: 64, narrows: false }

/** How large a pass should be at most on what runs the programs of this process. */
export function mostInPass(): PassLimits {
  const device = pjrtDevice()
  if (!device) return limitsOfCpu
  return device.plugin.platform === 'cpu' ? { ...limitsOfCpu, narrows: false } : limitsOfAccelerator
}

/**
 * Whether the operators that run now are recorded for XLA. Layers then take operators for which XLA has kernels, where
 * eager code and TensorFlow's own programs take what is fastest on CPUs, or all that there is.
 */
export function isRecordedForXla(): boolean {
  return activeRecording() !== undefined && pjrtDevice() !== undefined
}

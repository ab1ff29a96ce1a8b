import process from 'node:process'
import type { OneDevice } from './visible-devices.ts'

/** Whether a process uses oneDNN's kernels. TensorFlow decides by the processor where the variable is not set. */
export function oneDnnOf({ TF_ENABLE_ONEDNN_OPTS: told }: NodeJS.ProcessEnv): boolean | 'by processor' {
  return told === undefined ? 'by processor' : /^(1|true)$/i.test(told)
}

/** Settings of a device process. */
export interface DeviceVariablesOptions {
  /** Threads of the process. Their number can change the bits of a sum, so it is part of the environment class. */
  readonly threads: number
  /**
   * What the threads of a CPU divide among them. `batch`, the default: each computes a part of the batch (`partsOf`),
   * which captured programs can do. `operators`: all work on the same operator, which suits code that runs one operator
   * after the other.
   */
  readonly share?: 'batch' | 'operators'
  /** The variables by which the process sees one accelerator and no other; absent where it runs programs on the CPU. */
  readonly accelerator?: OneDevice
  /**
   * The bytes that the process may have resident while it does work that can be done in smaller pieces
   * (`withinDeviceMemory`). There is no limit unless it is given.
   */
  readonly memory?: number
}

/**
 * The environment variables of a device process, which libtensorflow reads once, when it is loaded. This module loads
 * no tensor runtime.
 */
export function deviceVariables({
  threads,
  share = 'batch',
  accelerator,
  memory,
}: DeviceVariablesOptions): Record<string, string> {
  // Threads that share an operator wait for one another at each one. With a part of the batch each, they go through the
  // whole program without waiting (decision 0017).
  const [ofOperator, ofParts] = accelerator ? [threads, threads] : share === 'batch' ? [1, threads] : [threads, 1]
  return {
    TF_NUM_INTRAOP_THREADS: String(ofOperator),
    TF_NUM_INTEROP_THREADS: String(ofParts),
    OMP_NUM_THREADS: String(ofOperator),
    TF_DETERMINISTIC_OPS: '1',
    // Unless this is set, TensorFlow uses oneDNN's kernels only on processors with AVX-512 VNNI. Without them it has no
    // grouped convolutions on a CPU.
    TF_ENABLE_ONEDNN_OPTS: '1',
    // TensorFloat-32 keeps 10 bits of a product's factors. These are too few for attack gradients that must equal the
    // reference's.
    NVIDIA_TF32_OVERRIDE: '0',
    TF_CPP_MIN_LOG_LEVEL: '2',
    // TensorFlow and oneDNN allocate more small blocks of one size in turn than the seven that glibc keeps ready for a
    // thread: 256 save 5 % of a small model's queries (test/benchmarks/LOG.md).
    GLIBC_TUNABLES: process.env['GLIBC_TUNABLES'] ?? 'glibc.malloc.tcache_count=256',
    ...(memory === undefined ? {} : { GAUNTLET_DEVICE_MEMORY: String(memory) }),
    ...accelerator,
  }
}

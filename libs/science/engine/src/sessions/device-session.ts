import type { Tensor } from '../tf.ts'
import type { Program } from './program.ts'
import type { StateVariable } from './state-nodes.ts'

/**
 * Compiled programs on a device, and the state that they share: a session of TensorFlow or of PJRT. The types of what
 * is given fit; `ProgramSession` has checked them. All calls block until the device is done.
 */
export interface DeviceSession {
  /**
   * How far a tensor of a program's first run may be from that of eager code, as `agreementOf` measures it, by what the
   * compiler does alone. The precision may allow more.
   */
  readonly tolerance: number

  /** What the programs cost, where the device says so before they run. */
  readonly costs: ReadonlyMap<string, ProgramCost>

  /** What was compiled, in bytes: agreements are kept under their digest. */
  readonly compiled: Uint8Array

  /**
   * Runs a program once. `inputs`: in the order of the program's. `iterations`: bounds every loop, as an int32 scalar.
   * The caller disposes of the outputs. The state that the program returned is in place for the next run.
   */
  run(program: Program, inputs: readonly Tensor[], iterations: Tensor): Tensor[]

  /** The present values of variables, copied to the host. The caller disposes of them. */
  read(variables: readonly StateVariable[]): Tensor[]

  /** Sets variables. The caller keeps the given tensors. */
  assign(values: readonly AssignedValue[]): void

  /** Frees the programs and the state. */
  dispose(): void
}

/** What one program costs before it runs, and while it does. */
export interface ProgramCost {
  /** Seconds in which it was lowered and compiled, or read from the cache. */
  readonly seconds: number
  /** Bytes on the device beside the state. */
  readonly bytes: number
}

/** A new value of a variable. */
export interface AssignedValue {
  readonly variable: StateVariable
  readonly tensor: Tensor
}

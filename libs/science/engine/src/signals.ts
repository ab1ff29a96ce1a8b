import { constants } from 'node:os'
import { bindingAddition } from './binding-addition.ts'

/** The function of infra/binding/signals.cc. */
interface Signals {
  ignore(signal: number): void
}

/**
 * Makes the system discard these signals, for a process that computes on its main thread. A handler that does nothing
 * is not the same: while oneDNN multiplies matrices the stack pointer is in the heap, so that each call of a handler
 * overwrites tensors. From then on profilers may interrupt the thread (`--cpu-prof`), since they have a stack of their
 * own. This module loads no tensor runtime.
 */
export function ignoreSignals(names: readonly NodeJS.Signals[]): void {
  const { ignore } = bindingAddition<Signals>('signals')
  for (const name of names) ignore(constants.signals[name])
}

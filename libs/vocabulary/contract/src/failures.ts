/**
 * Why an attempt failed, one class per decision. The class crosses Temporal by its name, as `ApplicationFailure.type`;
 * what an error is an instance of does not.
 *
 * - `InvalidInput`: the study, weights or images are wrong; never retried, the message says what to change.
 * - `Diverged`: training is no longer finite or has collapsed; not retried, the configuration ends as diverged.
 * - `OutOfMemory`: retried with half the micro-batch at the same effective batch, as long as the stage has one above
 *   1.
 * - `Preempted`, `WorkerLost`: the machine went away; retried from the last mid-stage checkpoint.
 * - `WorkerChanged`: the worker runs other code or another engine than the key was made for; the configuration makes
 *   new keys.
 * - `Transient`: storage or network; exponential back-off.
 * - `Bug`: anything else; few retries.
 */
export type FailureClass =
  'InvalidInput' | 'Diverged' | 'OutOfMemory' | 'Preempted' | 'WorkerLost' | 'WorkerChanged' | 'Transient' | 'Bug'

interface RetryDecision {
  /** Retries after the first attempt. */
  readonly retries: number
  /** Pause before the first retry, in milliseconds; doubles up to a minute. */
  readonly pause: number
}

/**
 * How often an attempt that failed this way is tried again; each class has its own budget, so preemptions never use up
 * a bug's.
 */
export const retryPolicy: Readonly<Record<FailureClass, RetryDecision>> = {
  InvalidInput: { retries: 0, pause: 0 },
  Diverged: { retries: 0, pause: 0 },
  OutOfMemory: { retries: 6, pause: 0 },
  Preempted: { retries: 100, pause: 1_000 },
  WorkerLost: { retries: 20, pause: 1_000 },
  WorkerChanged: { retries: 0, pause: 0 },
  Transient: { retries: 10, pause: 1_000 },
  Bug: { retries: 2, pause: 1_000 },
}

/** The class a wire name stands for; a name nobody declared is a bug. */
export function failureClassOf(name: string | null | undefined): FailureClass {
  return name != null && Object.hasOwn(retryPolicy, name) ? (name as FailureClass) : 'Bug'
}

/** Bugs of one (stage, backbone, cause) after which a study stops trying that combination. */
export const circuitBreakerThreshold = 3

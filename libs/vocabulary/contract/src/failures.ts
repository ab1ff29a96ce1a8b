/**
 * Why an attempt failed, with one class for each decision that follows from a failure.
 *
 * How it reaches the workflows: a GPU activity throws an `ApplicationFailure` whose `type` is the class. A ledger
 * activity throws an ordinary error, whose `type` the SDK takes from the error's constructor (`LineageBroken`); no such
 * name is a class, so it counts as a `Bug`. An `instanceof` does not survive the crossing.
 *
 * - `InvalidInput`: the study, the weights or the images are wrong. It is never retried; the message says what to
 *   change.
 * - `Diverged`: the loss or the logits are NaN or infinite, or training collapsed to one prediction. It is not retried;
 *   the configuration ends as diverged.
 * - `OutOfMemory`: the same work would run out again. Fine-tuning goes on under another key, with half the micro-batch
 *   at the same effective batch, where the study allows it; other stages end.
 * - `Preempted`, `WorkerLost`: the machine went away. It is retried from the last mid-stage checkpoint.
 * - `WorkerChanged`: the worker runs other code or another engine than the key was made for. The configuration makes
 *   new keys.
 * - `Transient`: storage or network. It is retried with exponential back-off.
 * - `Bug`: anything else. It is retried a few times.
 */
export type FailureClass =
  'InvalidInput' | 'Diverged' | 'OutOfMemory' | 'Preempted' | 'WorkerLost' | 'WorkerChanged' | 'Transient' | 'Bug'

interface RetryDecision {
  /** Retries after the first attempt. */
  readonly retries: number
  /** Pause before the first retry, in milliseconds. It doubles with every retry, up to a minute. */
  readonly pause: number
}

/**
 * How often an attempt of each class is retried. Each class has a budget of its own, so preemptions never use up that
 * of bugs.
 */
export const retryPolicy: Readonly<Record<FailureClass, RetryDecision>> = {
  InvalidInput: { retries: 0, pause: 0 },
  Diverged: { retries: 0, pause: 0 },
  OutOfMemory: { retries: 0, pause: 0 },
  Preempted: { retries: 100, pause: 1_000 },
  WorkerLost: { retries: 20, pause: 1_000 },
  WorkerChanged: { retries: 0, pause: 0 },
  Transient: { retries: 10, pause: 1_000 },
  Bug: { retries: 2, pause: 1_000 },
}

/** The failure class that the `type` of a Temporal failure names. A name that is no class counts as a bug. */
export function failureClassOf(name: string | null | undefined): FailureClass {
  return name != null && Object.hasOwn(retryPolicy, name) ? (name as FailureClass) : 'Bug'
}

/**
 * Configurations that may fail by the same bug, in the same stage and with the same backbone, before a study stops
 * trying that backbone.
 */
export const circuitBreakerThreshold = 3

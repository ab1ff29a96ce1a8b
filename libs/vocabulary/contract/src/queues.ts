/** Workflow tasks: studies, configurations. */
export const workflowQueue = 'gauntlet-workflows'

/** Activities that read and write the ledger. */
export const ledgerQueue = 'gauntlet-ledger'

/** The task queue of a pool: GPU workers of one class. */
export function poolQueue(pool: string): string {
  return `gauntlet-pool-${pool}`
}

/** The task queue on which a pool says what its workers are; apart, so that it is answered while every device works. */
export function poolDescriptionQueue(pool: string): string {
  return `${poolQueue(pool)}-description`
}

/** The pool a study runs on when it names none. */
export const defaultPool = 'default'

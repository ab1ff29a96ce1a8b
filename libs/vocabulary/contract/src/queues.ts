/**
 * Workflow tasks: studies, configurations. The number is raised when workflows change so that runs of before cannot be
 * replayed; a study that is started again then takes over from its earlier run (`startStudy`).
 */
export const workflowQueue = 'gauntlet-workflows-2'

/**
 * The Worker Deployment of the workers that run workflows. A version of it is a build of the workflows, which runs of
 * it go on with (decision 0040). Another queue is another deployment.
 */
export const workflowDeployment = `${workflowQueue}-workers`

/** The task queue of a pool: GPU workers of one class. */
export function poolQueue(pool: string): string {
  return `gauntlet-pool-${pool}`
}

/**
 * The task queue on which the workers of a pool describe themselves. It is a queue of its own, so that it is answered
 * while every device is busy.
 */
export function poolDescriptionQueue(pool: string): string {
  return `${poolQueue(pool)}-description`
}

/** The pool a study runs on when it names none. */
export const defaultPool = 'default'

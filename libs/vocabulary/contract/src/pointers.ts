import type { Digest } from '@gauntlet/study'

/** The artifact store's pointer to the last mid-stage checkpoint of a stage. */
export function progressPointer(stageKey: Digest): string {
  return `stage-${stageKey}`
}

/**
 * The pointer to the outputs of a stage that the ledger has not recorded yet. It is deleted once the stage is
 * fulfilled.
 */
export function finishedPointer(stageKey: Digest): string {
  return `finished-${stageKey}`
}

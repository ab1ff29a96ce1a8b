import type { Digest } from '@gauntlet/study'

/** The artifact store's pointer to the last mid-stage checkpoint of a stage. */
export function progressPointer(stageKey: Digest): string {
  return `stage-${stageKey}`
}

/** The pointer to what a stage has made but nobody has recorded yet; forgotten once it is fulfilled. */
export function finishedPointer(stageKey: Digest): string {
  return `finished-${stageKey}`
}

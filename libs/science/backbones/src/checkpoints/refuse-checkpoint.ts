import { WeightsMismatch } from '@gauntlet/weights'

/** Refuses a checkpoint; the sentence says what to change. */
export function refuseCheckpoint(sentence: string): never {
  throw new WeightsMismatch(sentence)
}

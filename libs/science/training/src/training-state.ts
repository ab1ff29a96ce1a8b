import type { Digest } from '@gauntlet/study'
import { readSafetensors, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { z } from 'zod'
import { epochRecord, epochSums } from './history.ts'
import { TrainingStateInvalid } from './training-errors.ts'

const counter = z.number().int().nonnegative()

/** Where training stands, between two optimiser steps. */
const position = z.strictObject({
  /** Epochs completed. */
  epoch: counter,
  /** Steps of the present epoch done, and steps since the beginning. */
  stepOfEpoch: counter,
  step: counter,
  /** Sums of the present epoch. */
  sums: epochSums,
  history: z.array(epochRecord),
})
export type TrainingPosition = z.infer<typeof position>

const metadata = z.strictObject({
  format: z.literal('gauntlet-training-state-1'),
  settings: z.string(),
  position: z.string(),
})

/**
 * Everything needed to go on bit for bit as if nothing had happened. What never changes is not in it: a frozen
 * backbone, and everything that random numbers are keyed by.
 */
export interface TrainingState {
  /** Digest of the settings that it was trained with. */
  readonly settings: Digest
  readonly position: TrainingPosition
  /**
   * `values.<name>`, `first-moment.<name>` and `second-moment.<name>` of each trained tensor, `buffer.<name>` of each
   * buffer, in tfjs's layouts.
   */
  readonly arrays: readonly NamedArray[]
}

/** The bytes of a state: safetensors, the position as JSON in the metadata. The same state gives the same bytes. */
export function encodeTrainingState({ settings, position, arrays }: TrainingState): Uint8Array {
  return writeSafetensors(arrays, { format: 'gauntlet-training-state-1', settings, position: JSON.stringify(position) })
}

/** The state that the bytes hold; anything missing, unknown or damaged is refused. */
export function decodeTrainingState(bytes: Uint8Array): TrainingState {
  try {
    const file = readSafetensors(bytes)
    const { settings, position: text } = metadata.parse(file.metadata)
    return { settings, position: position.parse(JSON.parse(text)), arrays: file.arrays }
  } catch (cause) {
    throw new TrainingStateInvalid(
      'The mid-training checkpoint is damaged; remove it and train this configuration from its start.',
      { cause },
    )
  }
}

import type { Digest } from '@gauntlet/study'
import { readSafetensors, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { z } from 'zod'
import { epochRecord, epochSums } from './history.ts'
import { TrainingStateInvalid } from './training-errors.ts'

const counter = z.number().int().nonnegative()

/** How far training is between two optimiser steps. */
const position = z.strictObject({
  /** Epochs completed. */
  epoch: counter,
  /** Steps that are done in the present epoch, and since the beginning. */
  stepOfEpoch: counter,
  step: counter,
  /** Sums over the steps of the present epoch. */
  sums: epochSums,
  history: z.array(epochRecord),
})
export type TrainingPosition = z.infer<typeof position>

const format = 'gauntlet-training-state-2'
const metadata = z.strictObject({ format: z.literal(format), settings: z.string() })

/**
 * What training needs to go on as if it had never stopped, bit for bit. It does not hold what never changes: a frozen
 * backbone, and the keys of random numbers.
 */
export interface TrainingState {
  /** Digest of the settings (`settingsDigest`). */
  readonly settings: Digest
  readonly position: TrainingPosition
  /**
   * `values.<name>`, `first-moment.<name>` and `second-moment.<name>` of each trained tensor, `buffer.<name>` of each
   * buffer, in tfjs's layouts.
   */
  readonly arrays: readonly NamedArray[]
}

/**
 * A state as safetensors. The position is JSON in a tensor `position`, and not in the metadata, whose size has a limit
 * that the history of some thousand epochs would pass. The same state always gives the same bytes.
 */
export function encodeTrainingState({ settings, position: at, arrays }: TrainingState): Uint8Array {
  const data = new TextEncoder().encode(JSON.stringify(at))
  return writeSafetensors([...arrays, { name: 'position', dtype: 'uint8', shape: [data.length], data }], {
    format,
    settings,
  })
}

/** The state that the bytes hold. Whatever lacks something, has something unknown or is damaged is refused. */
export function decodeTrainingState(bytes: Uint8Array): TrainingState {
  try {
    const file = readSafetensors(bytes)
    const { settings } = metadata.parse(file.metadata)
    const text = new TextDecoder().decode(file.arrays.find(({ name }) => name === 'position')?.data as Uint8Array)
    const arrays = file.arrays.filter(({ name }) => name !== 'position')
    return { settings, position: position.parse(JSON.parse(text)), arrays }
  } catch (cause) {
    throw new TrainingStateInvalid(
      'The mid-training checkpoint is damaged; remove it and train this configuration from its start.',
      { cause },
    )
  }
}

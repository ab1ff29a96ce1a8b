import type { Parameters } from '@gauntlet/nn'
import type { EpochRecord } from './history.ts'
import type { TrainingSettings } from './settings.ts'
import type { TrainableModel } from './trainable-model.ts'
import type { TrainingData } from './training-data.ts'
import type { TrainingState } from './training-state.ts'

/** Where training is, told after every micro-batch. */
export interface TrainingProgress {
  readonly phase: 'training' | 'validation'
  /** The present epoch, counted from 1. */
  readonly epoch: number
  readonly epochs: number
  /** Optimiser steps done and in all. */
  readonly step: number
  readonly steps: number
  /** Images gone through, validation included and over all attempts, and in all. */
  readonly images: number
  readonly totalImages: number
  /** Mean loss of the last optimiser step; `null` before the first of this attempt. */
  readonly loss: number | null
}

/** One fine-tuning to do. */
export interface FineTuning {
  readonly model: TrainableModel
  /**
   * Reads where it starts: every tensor of the model. Called once; training disposes of them when it has its own,
   * before the first step.
   */
  readonly parameters: () => Parameters | Promise<Parameters>
  readonly settings: TrainingSettings
  readonly training: TrainingData
  /** Judged after each epoch; has no influence on the parameters. */
  readonly validation?: TrainingData
  /** Goes on from here. Needs the same parameters, data and settings as the run that left it. */
  readonly resumeFrom?: TrainingState
  /**
   * Awaited every `checkpointEverySteps` optimiser steps but the last; the state's arrays are the caller's. A step that
   * ends an epoch includes its validation.
   */
  readonly onCheckpoint?: (state: TrainingState) => Promise<void> | void
  /**
   * Told where the micro-batch of the settings is too large for this device, before anything is learnt: the one that is
   * used instead.
   */
  readonly onSmallerMicroBatch?: (microBatch: number) => void
  readonly onProgress?: (progress: TrainingProgress) => void
  /** Stops between two micro-batches by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** What fine-tuning leaves. The tensors are the caller's to dispose of. */
export interface FineTuned {
  readonly parameters: Parameters
  readonly history: readonly EpochRecord[]
}

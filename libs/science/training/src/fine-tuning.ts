import type { Parameters } from '@gauntlet/nn'
import type { EpochRecord } from './history.ts'
import type { TrainingSettings } from './settings.ts'
import type { TrainableModel } from './trainable-model.ts'
import type { TrainingData } from './training-data.ts'
import type { TrainingState } from './training-state.ts'

/** How far training is, reported after every micro-batch. */
export interface TrainingProgress {
  readonly phase: 'training' | 'validation'
  /** The present epoch, counted from 1. */
  readonly epoch: number
  readonly epochs: number
  /** Optimiser steps that are done, and all of them. */
  readonly step: number
  readonly steps: number
  /** Images that are done in all attempts, validation included, and all of them. */
  readonly images: number
  readonly totalImages: number
  /** Mean loss of the last optimiser step; `null` before the first of this attempt. */
  readonly loss: number | null
}

/** What is fine-tuned, and how. */
export interface FineTuning {
  readonly model: TrainableModel
  /**
   * Reads the parameters to start from, every tensor of the model. It is called once. Training disposes of them before
   * the first step, when it has copies of its own.
   */
  readonly parameters: () => Parameters | Promise<Parameters>
  readonly settings: TrainingSettings
  readonly training: TrainingData
  /** The images that the model is validated on after each epoch. They have no influence on the parameters. */
  readonly validation?: TrainingData
  /** The state to go on from. It needs the same parameters, data and settings as the training that left it. */
  readonly resumeFrom?: TrainingState
  /**
   * Awaited after every `checkpointEverySteps` optimiser steps, but not after the last of all. The state's arrays are
   * the caller's. Where the step ends an epoch, the epoch has been validated by then.
   */
  readonly onCheckpoint?: (state: TrainingState) => Promise<void> | void
  readonly onProgress?: (progress: TrainingProgress) => void
  /** Stops training between two micro-batches: the signal's reason is thrown. */
  readonly signal?: AbortSignal
}

/** What fine-tuning gives. The caller disposes of the tensors. */
export interface FineTuned {
  readonly parameters: Parameters
  readonly history: readonly EpochRecord[]
}

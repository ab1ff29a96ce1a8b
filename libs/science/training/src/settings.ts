import {
  InvalidInput,
  digestOf,
  type Digest,
  type Hyperparameters,
  type LossName,
  type ProtocolSpecification,
} from '@gauntlet/study'

/** How a configuration is trained. */
export interface TrainingSettings {
  readonly loss: LossName
  readonly protocol: ProtocolSpecification
  readonly seed: number
  readonly hyperparameters: Hyperparameters
}

/**
 * The digest in which a mid-training state and the settings must agree for training to go on from the state. The
 * checkpoint interval is left out, since it changes no result.
 */
export function settingsDigest({ loss, protocol, seed, hyperparameters }: TrainingSettings): Digest {
  const { microBatchMayShrink: _allowed, checkpointEverySteps: _interval, ...fixed } = hyperparameters
  return digestOf({
    loss,
    protocol: { trains: protocol.trains, epochs: protocol.epochs },
    seed,
    hyperparameters: fixed,
  })
}

/** Refuses settings that cannot be trained with. */
export function requireTrainable({ protocol, hyperparameters }: TrainingSettings, images: number): void {
  const whole = {
    epochs: protocol.epochs,
    effectiveBatch: hyperparameters.effectiveBatch,
    microBatch: hyperparameters.microBatch,
  }
  for (const [name, value] of Object.entries({
    ...whole,
    checkpointEverySteps: hyperparameters.checkpointEverySteps,
  })) {
    if (!Number.isInteger(value) || value < 1)
      throw new InvalidInput(`${name} is ${value}; set it to a whole number above 0.`)
  }
  if (images < 1) throw new InvalidInput('The training split has no images; give the study a larger trainImages.')
}

import type { WorkerDescription } from '@gauntlet/contract'
import type { Digest, KeyedStage } from '@gauntlet/study'
import { join } from 'node:path'
import { codeDigest } from './code-digest.ts'
import type { DeviceReady } from './device.ts'
import { SettingsInvalid } from './settings.ts'

/**
 * What a worker with these devices says of itself. Devices of one worker must be alike, or its pool would mix classes.
 */
export function descriptionOf(devices: readonly DeviceReady[]): WorkerDescription {
  const { environment, environmentClass } = devices[0]!
  const other = devices.find((one) => one.environmentClass !== environmentClass)
  if (other) {
    throw new SettingsInvalid(
      `A worker's devices must be alike, and here are ${devices[0]!.device} and ${other.device}; start a worker for each kind, told apart by CUDA_VISIBLE_DEVICES and GAUNTLET_POOL.`,
    )
  }
  const digest = (stage: KeyedStage): Digest => codeDigest(join(import.meta.dirname, 'stages', `${stage}.ts`))
  const codeDigests: Record<KeyedStage, Digest> = {
    'prepare-dataset': digest('prepare-dataset'),
    'pretrain-load': digest('pretrain-load'),
    'fine-tune': digest('fine-tune'),
    checkpoint: digest('checkpoint'),
    'perturb-and-evaluate': digest('perturb-and-evaluate'),
  }
  return { environment, environmentClass, codeDigests }
}

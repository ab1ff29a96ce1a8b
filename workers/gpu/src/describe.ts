import type { StageCode, WorkerDescription } from '@gauntlet/contract'
import { mathFunctionsDigest } from '@gauntlet/engine/math-functions'
import { digestOf } from '@gauntlet/study'
import type { EngineDescription } from './device-protocol.ts'
import type { StageBundles } from './bundles/stage-bundles.ts'
import { SettingsInvalid } from './settings.ts'

/**
 * What a worker with these devices says of itself to someone who wants the digests of these codes. Devices of one
 * worker must be alike, or its pool would mix classes.
 */
export async function descriptionOf(
  devices: readonly EngineDescription[],
  bundles: Pick<StageBundles, 'digests'>,
  codes: readonly StageCode[],
): Promise<WorkerDescription> {
  const { environment, environmentClass } = devices[0]!
  const other = devices.find((one) => one.environmentClass !== environmentClass)
  if (other) {
    throw new SettingsInvalid(
      `A worker's devices must be alike, and here are ${devices[0]!.device} and ${other.device}; start a worker for each kind, told apart by CUDA_VISIBLE_DEVICES and GAUNTLET_POOL.`,
    )
  }
  const host = hostEnvironment()
  return {
    environment,
    environmentClass,
    host: { environment: host, environmentClass: digestOf(host) },
    codeDigests: await bundles.digests(codes),
  }
}

/** What a machine adds to the results of stages that compute no tensors: how JavaScript and native libraries round. */
function hostEnvironment() {
  return { platform: `${process.platform}-${process.arch}`, mathFunctions: mathFunctionsDigest() }
}

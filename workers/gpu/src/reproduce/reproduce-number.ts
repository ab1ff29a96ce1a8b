import type { ArtifactStore } from '@gauntlet/artifacts'
import { codeOfIdentity, type RecordedNumber, type RecordedStage, type RemadeStage } from '@gauntlet/contract'
import {
  stageKey,
  type ArtifactReference,
  type ArtifactsByRole,
  type Digest,
  type StageIdentity,
} from '@gauntlet/study'
import type { BundleFile } from '../bundles/bundle-cache.ts'
import type { DeviceProgress, DeviceResult } from '../device-protocol.ts'
import type { StageRequest } from '@gauntlet/contract'
import { stageInput } from './stage-input.ts'

/** What executing recorded stages again needs. */
export interface Surroundings {
  /** Has the recorded artifacts, and is only read. */
  readonly recorded: ArtifactStore
  /** Where everything is made again. */
  readonly scratch: ArtifactStore
  /** The bundle that executes a stage, and the packages of it that are installed in another version. */
  bundleOf(identity: StageIdentity): Promise<{ readonly bundle: BundleFile; readonly otherPackages: readonly string[] }>
  run(
    bundle: BundleFile,
    request: StageRequest<unknown>,
    onProgress: (progress: DeviceProgress) => void,
  ): Promise<DeviceResult>
}

/**
 * Executes the stages of a number again, one after the other. A stage reads what was recorded, but what an earlier one
 * made again where that has other bytes: so the number ends with what all differences together made of it.
 */
export async function reproduceNumber(
  number: RecordedNumber,
  surroundings: Surroundings,
  onProgress: (stage: string, share: number) => void,
): Promise<RemadeStage[]> {
  const remade = new Map<Digest, ArtifactReference>()
  const stages: RemadeStage[] = []
  for (const recorded of number.stages) {
    const begunAt = performance.now()
    const { stage } = recorded.identity
    onProgress(stage, 0)
    const { bundle, otherPackages } = await surroundings.bundleOf(recorded.identity)
    const used = replaced(recorded.used, remade)
    const identity = { ...recorded.identity, codeDigest: bundle.digest, inputs: inputsFrom(recorded, used) }
    await bringInputs(identity, used, surroundings)
    const request = {
      stageKey: stageKey(identity),
      identity,
      code: codeOfIdentity(identity),
      attempt: 1,
      input: stageInput(identity, number, used),
    }
    const { generated } = await surroundings.run(bundle, request, ({ done, total }) =>
      onProgress(stage, total > 0 ? done / total : 0),
    )
    for (const [role, reference] of Object.entries(generated)) {
      const before = recorded.generated[role]
      if (before) remade.set(before.digest, reference)
    }
    const seconds = (performance.now() - begunAt) / 1_000
    stages.push({ stageKey: recorded.stageKey, codeDigest: bundle.digest, generated, seconds, otherPackages })
  }
  return stages
}

function replaced(used: ArtifactsByRole, remade: ReadonlyMap<Digest, ArtifactReference>): ArtifactsByRole {
  return Object.fromEntries(
    Object.entries(used).map(([role, reference]) => [role, remade.get(reference.digest) ?? reference]),
  )
}

function inputsFrom({ identity }: RecordedStage, used: ArtifactsByRole): StageIdentity['inputs'] {
  return Object.fromEntries(
    Object.entries(identity.inputs).map(([role, digest]) => [role, used[role]?.digest ?? digest]),
  )
}

/** Copies what a stage reads into the scratch store, verified. Sources are fetched by the stages themselves. */
async function bringInputs(
  { stage, inputs }: StageIdentity,
  used: ArtifactsByRole,
  { recorded, scratch }: Surroundings,
): Promise<void> {
  if (stage === 'prepare-dataset' || stage === 'pretrain-load') return
  for (const role of Object.keys(inputs)) {
    const reference = used[role]!
    if ((await scratch.verify(reference.digest)) === 'intact') continue
    await scratch.putFile(await recorded.localFile(reference), reference.mediaType)
  }
}

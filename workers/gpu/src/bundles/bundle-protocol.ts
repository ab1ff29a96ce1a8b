import type { StageRequest } from '@gauntlet/contract'
import type { ArtifactReference, ArtifactsByRole, Digest } from '@gauntlet/study'
import type { DeviceProgress, DeviceResult } from '../device-protocol.ts'

/**
 * The version of what a device process and a bundle expect of each other: the exports of a bundle (`StageModule`) and
 * `StageContext`. A bundle of another version is refused. It changes whenever one of these types does.
 */
export const bundleProtocol = 2

/** What a bundle exports. */
export interface StageModule {
  readonly protocol: number
  /** Does one attempt at the stage. */
  run(request: StageRequest<never>, context: StageContext): Promise<DeviceResult>
}

/**
 * What a stage may use besides its request. None of it is part of the bundle, so that no change of it changes a key.
 */
export interface StageContext {
  readonly store: StageStore
  /** Fetches a source and gives the path of a file with these bytes, checked by their digest. */
  fetchSource(source: string, sha256: Digest): Promise<string>
  /** Where stages keep what they can make again, for one another and for later attempts. */
  readonly cacheFolder: string
  readonly progress: MidStageCheckpoint
  readonly signal: AbortSignal
  report(progress: DeviceProgress): void
}

/** The artifact store as a stage uses it. */
export interface StageStore {
  /** Reads an artifact and verifies it. Throws where it is missing or corrupt. */
  read(artifact: ArtifactReference): Promise<Uint8Array>
  /** The path of a file with the artifact's bytes. */
  localFile(artifact: ArtifactReference): Promise<string>
  put(bytes: Uint8Array, mediaType: string): Promise<ArtifactReference>
  putFile(path: string, mediaType: string): Promise<ArtifactReference>
}

/** The progress inside a stage, from which another attempt goes on. */
export interface MidStageCheckpoint {
  /** The last progress; null where there is none, or where its bytes cannot be trusted. */
  read(): Promise<SavedProgress | null>
  /** Makes `bytes` the progress, and lets go of the one before. */
  write(bytes: Uint8Array): Promise<Digest>
}

/** The bytes that another attempt left, and the digest under which they are stored. */
export interface SavedProgress {
  readonly checkpoint: Digest
  readonly bytes: Uint8Array
}

/** One attempt at one stage: reads artifacts, does one domain call, stores what it made. */
export type Stage<Input> = (request: StageRequest<Input>, context: StageContext) => Promise<StageOutput>

/** What a stage read from outside the store, and what it stored. */
export interface StageOutput {
  readonly sources: ArtifactsByRole
  readonly generated: ArtifactsByRole
}

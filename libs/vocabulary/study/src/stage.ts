import { digestOf, type Digest, type Json } from './digest.ts'

/** The stages of a configuration's DAG, in order; `prepare-dataset` is shared by all configurations of a dataset. */
export const stages = [
  'prepare-dataset',
  'pretrain-load',
  'fine-tune',
  'checkpoint',
  'perturb-and-evaluate',
  'aggregate',
] as const
export type StageName = (typeof stages)[number]

/**
 * The stages that have a key and are reused. Aggregating has none: counting outcomes is cheap and is done again
 * whenever it is asked for.
 */
export type KeyedStage = Exclude<StageName, 'aggregate'>

/** Immutable bytes in the artifact store. */
export interface ArtifactReference {
  readonly digest: Digest
  /** Size in bytes. */
  readonly size: number
  readonly mediaType: string
}

/** Artifacts by the role they play for a stage: `manifest`, `parameters`, `checkpoint`, `outcomes`, … */
export type ArtifactsByRole = { readonly [role: string]: ArtifactReference }

/** Everything that can change a stage's result. */
export interface StageIdentity {
  readonly stage: KeyedStage
  /** Digest of the sources and packages of the stage. */
  readonly codeDigest: Digest
  /** Digest of what the machine and the engine add: engine version, device class, threads, precision, determinism. */
  readonly environmentClass: Digest
  readonly parameters: Json
  readonly seed: number
  /** Digest of each input artifact, by role. */
  readonly inputs: { readonly [role: string]: Digest }
}

/** The key of a stage, computed before it runs: the digest of its identity. */
export function stageKey(identity: StageIdentity): Digest {
  return digestOf(identity)
}

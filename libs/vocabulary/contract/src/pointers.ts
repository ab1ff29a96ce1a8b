import { digestOf, type Digest, type StageIdentity } from '@gauntlet/study'

/** The artifact store's pointer to the last mid-stage checkpoint of a stage. */
export function progressPointer(stageKey: Digest): string {
  return `stage-${stageKey}`
}

/**
 * What the bytes of a mid-stage checkpoint begin with. They are then never those of an artifact, and letting go of them
 * never takes an artifact away.
 */
export function progressEnvelope(stageKey: Digest): Uint8Array {
  return new TextEncoder().encode(`gauntlet-progress ${stageKey}\n`)
}

/**
 * The pointer to the outputs of a stage that the ledger has not recorded yet. It is deleted once the stage is
 * fulfilled.
 */
export function finishedPointer(stageKey: Digest): string {
  return `finished-${stageKey}`
}

/** The stage that a pointer of either kind is about; null for another pointer. */
export function stageOfPointer(name: string): Digest | null {
  return /^(?:stage|finished)-([0-9a-f]{64})$/.exec(name)?.[1] ?? null
}

/**
 * The pointer to the compiled programs that machines of one environment share for a stage's code. Whoever uses them
 * writes it again, at least once a day.
 */
export function programsPointer({ codeDigest, environmentClass }: StageIdentity): string {
  return `programs-${digestOf({ code: codeDigest, environment: environmentClass })}`
}

/** Whether a pointer is to compiled programs, which are made again where they are missing. */
export function isProgramsPointer(name: string): boolean {
  return /^programs-[0-9a-f]{64}$/.test(name)
}

/** The pointer that keeps an artifact which nothing else refers to. */
export function pinPointer(digest: Digest): string {
  return `pin-${digest}`
}

/**
 * The pointer by which a store knows a ledger that refers to its artifacts: what one ledger does not refer to, another
 * may.
 */
export function ledgerPointer(identity: string): string {
  return identity.replaceAll(' ', '-')
}

/** The pointer that keeps the workflows of a build, whose bytes have this digest, for the runs that began with it. */
export function workflowsPointer(buildId: Digest): string {
  return `workflows-${buildId}`
}

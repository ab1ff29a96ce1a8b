import type { ArtifactStore } from '@gauntlet/artifacts'
import type { RecordedNumber, RemadeNumber } from '@gauntlet/contract'
import { decodeOutcomes, type Outcome } from '@gauntlet/evaluation/outcomes'
import type { MeasurementTrace, reproductionVerdicts } from '@gauntlet/ledger'
import type { Digest, Json, StageName } from '@gauntlet/study'

export type ReproductionVerdict = (typeof reproductionVerdicts)[number]

/** How a stage that was executed again compares with its record. */
export interface ComparedStage {
  readonly stage: StageName
  /** Of the record. */
  readonly stageKey: Digest
  /** The code that was executed now, and where. */
  readonly codeDigest: Digest
  readonly environmentClass: Digest
  readonly seconds: number
  /** The roles of what it made otherwise; empty where all bytes are the same. */
  readonly otherBytes: readonly string[]
  readonly otherPackages: readonly string[]
  /** Fields of the environment that differ, as `threads: 1, now 2`. */
  readonly otherEnvironment: readonly string[]
}

/** How a number that was computed again compares with the recorded one. */
export interface JudgedReproduction {
  readonly measurementId: Digest
  readonly verdict: ReproductionVerdict
  /** The first stage that made other bytes; null where none did. */
  readonly firstStage: StageName | null
  readonly correct: number
  readonly total: number
  /** Correct out of the same images in the record. */
  readonly recordedCorrect: number
  /** Images with another prediction or another verdict. */
  readonly changedImages: number
  readonly stages: readonly ComparedStage[]
}

/**
 * Compares what was made again with the record: the same bytes of every stage; else the same prediction and verdict of
 * every image; else an accuracy that differs by no more than `tolerance`, in [0, 1]; else it differs.
 */
export async function judgeReproduction(
  recorded: RecordedNumber & { readonly trace: MeasurementTrace },
  remade: RemadeNumber,
  { store, scratch, tolerance }: { store: ArtifactStore; scratch: ArtifactStore; tolerance: number },
): Promise<JudgedReproduction> {
  const stages = recorded.stages.map((_, place) => compareStage(recorded, remade, place))
  const firstStage = stages.find(({ otherBytes }) => otherBytes.length > 0)?.stage ?? null
  const before = decodeOutcomes(await store.read(recorded.trace.measurement.outcomesDigest)).outcomes
  const after = decodeOutcomes(await scratch.read(remade.outcomes)).outcomes
  const changedImages = countChanged(before, after)
  const [recordedCorrect, correct] = [before, after].map((all) => all.filter(({ held }) => held).length) as [
    number,
    number,
  ]
  const total = after.length
  const isNear = before.length === total && Math.abs(correct - recordedCorrect) <= tolerance * total
  const verdict =
    firstStage === null ? 'same-bytes' : changedImages === 0 ? 'same-outcomes' : isNear ? 'within-tolerance' : 'differs'
  const { measurementId } = recorded
  return { measurementId, verdict, firstStage, correct, total, recordedCorrect, changedImages, stages }
}

function compareStage(
  { stages, trace }: RecordedNumber & { readonly trace: MeasurementTrace },
  remade: RemadeNumber,
  place: number,
): ComparedStage {
  const { stageKey, identity, generated } = stages[place]!
  const made = remade.stages[place]!
  const roles = new Set([...Object.keys(generated), ...Object.keys(made.generated)])
  const recordedIn = trace.executions.find((execution) => execution.stageKey === stageKey)?.environment ?? null
  const isOnHost = identity.environmentClass === remade.host.environmentClass || isHostStage(identity.stage)
  const now = isOnHost ? remade.host : remade
  return {
    stage: identity.stage,
    stageKey,
    codeDigest: made.codeDigest,
    environmentClass: now.environmentClass,
    seconds: made.seconds,
    otherBytes: [...roles].filter((role) => generated[role]?.digest !== made.generated[role]?.digest),
    otherPackages: made.otherPackages,
    otherEnvironment:
      identity.environmentClass === now.environmentClass ? [] : otherFields(recordedIn, now.environment),
  }
}

function isHostStage(stage: StageName): boolean {
  return stage === 'prepare-dataset' || stage === 'pretrain-load'
}

function otherFields(recorded: Json, now: Json): string[] {
  const [before, after] = [recorded ?? {}, now ?? {}] as [Record<string, Json>, Record<string, Json>]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const [was, is] = [JSON.stringify(before[name] ?? null), JSON.stringify(after[name] ?? null)]
    return was === is ? [] : [`${name}: ${was}, now ${is}`]
  })
}

function countChanged(before: readonly Outcome[], after: readonly Outcome[]): number {
  const known = new Map(before.map((outcome) => [`${outcome.index} ${outcome.image}`, outcome]))
  const changed = after.filter(({ index, image, prediction, held }) => {
    const outcome = known.get(`${index} ${image}`)
    return outcome?.prediction !== prediction || outcome.held !== held
  }).length
  return changed + Math.max(0, before.length - after.length)
}

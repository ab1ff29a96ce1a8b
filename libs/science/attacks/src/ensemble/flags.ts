import type { EvaluationFlag, FlagPolicy } from '@gauntlet/study'
import type { EnsembleVerdict } from './ensemble-verdict.ts'

/**
 * Reasons to doubt a robust accuracy, which are stored beside it. The first five are AutoAttack's own warnings
 * (fra31/auto-attack@a3922004, checks.py); the others are signs of masked gradients.
 */
export const flagNames = [
  'randomised',
  'probabilities',
  'zero-gradient',
  'square-gained',
  'few-classes',
  'saturated',
  'square-first',
  'unsettled',
] as const
export type FlagName = (typeof flagNames)[number]

/** One reason, with the number that raised it. */
export interface Flag extends EvaluationFlag {
  readonly name: FlagName
}

const policies: Record<FlagName, FlagPolicy> = {
  randomised: 'refuse',
  probabilities: 'refuse',
  saturated: 'refuse',
  unsettled: 'refuse',
  'zero-gradient': 'escalate',
  'square-gained': 'escalate',
  'square-first': 'escalate',
  'few-classes': 'mark',
}

function flagged(name: FlagName, value: number, limit: number, isRaised: boolean): Flag[] {
  return isRaised ? [{ name, value, limit, policy: policies[name] }] : []
}

/** Logits of one image. */
type Row = ArrayLike<number>

/**
 * The flags that the logits of unperturbed images raise. `answers` are the logits of the same images in several passes,
 * [passes][images][classes]. Two passes or more show whether the model draws random numbers; the reference takes five.
 */
export function flagsOfAnswers(answers: readonly (readonly Row[])[]): Flag[] {
  const [first = []] = answers
  const difference = largestDifference(answers)
  const sums = first.map((row) => Math.abs(total(row) - 1))
  const inUnit =
    first.length > 0 &&
    first.every((row) => Array.from(row).every((value) => value > -rangeSlack && value < 1 + rangeSlack))
  const worstSum = Math.max(0, ...sums)
  const saturated = first.length > 0 ? first.filter((row) => gapOf(row) > saturatedGap).length / first.length : 0
  return [
    ...flagged('randomised', difference, randomisedAbove, difference > randomisedAbove),
    ...flagged('probabilities', worstSum, rangeSlack, inUnit && worstSum < rangeSlack),
    ...flagged('saturated', saturated, saturatedShare, saturated > saturatedShare),
  ]
}

/**
 * Difference between the unit logits of two passes above which a model counts as randomised (checks.py:21, `alpha`).
 */
const randomisedAbove = 1e-4
/** By how much an output may miss being probabilities and still count as such (checks.py:46). */
const rangeSlack = 1e-5
/**
 * Lead of the largest logit, in nats, above which the other probabilities are 0 in float32 and cross-entropy has no
 * gradient (ln 2²⁴, rounded up).
 */
const saturatedGap = 17
/** Share of such images above which gradients count as masked. */
const saturatedShare = 0.1

/** The largest distance between the unit logits of two passes on one image (checks.py:27). */
function largestDifference(answers: readonly (readonly Row[])[]): number {
  const units = answers.map((rows) => rows.map(unitOf))
  const apart = (one: number[], other: number[]) => Math.hypot(...one.map((value, i) => value - other[i]!))
  return Math.max(
    0,
    ...units.flatMap((rows, pass) =>
      units.slice(pass + 1).flatMap((others) => rows.map((row, image) => apart(row, others[image]!))),
    ),
  )
}

function unitOf(row: Row): number[] {
  const values = Array.from(row)
  const length = Math.hypot(...values) + 1e-10
  return values.map((value) => value / length)
}

function total(row: Row): number {
  return Array.from(row).reduce((sum, value) => sum + value, 0)
}

function gapOf(row: Row): number {
  const [largest = 0, next = largest] = Array.from(row).toSorted((a, b) => b - a)
  return largest - next
}

/**
 * The flags that input gradients raise. `sizes` are the sums of the absolute gradient of the attack's loss, one for
 * each image; a single 0 is enough (checks.py:61).
 */
export function flagsOfGradients(sizes: readonly number[]): Flag[] {
  const share = sizes.length > 0 ? sizes.filter((size) => size === 0).length / sizes.length : 0
  return flagged('zero-gradient', share, 0, share > 0)
}

/** The flags that verdicts raise. `leftOut` counts the attacks that the number of classes does not allow. */
export function flagsOfVerdicts(verdicts: readonly Pick<EnsembleVerdict, 'felledBy'>[], leftOut = 0): Flag[] {
  const fallenTo = (attack: string) => verdicts.filter(({ felledBy }) => felledBy?.attack === attack).length
  const fallen = verdicts.filter(({ felledBy }) => felledBy && felledBy.attack !== 'clean').length
  const bySquare = fallenTo('square')
  const gained = verdicts.length > 0 ? bySquare / verdicts.length : 0
  const shareOfFallen = fallen > 0 ? bySquare / fallen : 0
  return [
    ...flagged('square-gained', gained, squareGain, gained > squareGain),
    ...flagged('square-first', shareOfFallen, squareShare, shareOfFallen > squareShare),
    ...flagged('few-classes', leftOut, 0, leftOut > 0),
  ]
}

/**
 * The flags once an evaluation has gone on as they asked. Those that asked for more become notes. If going on felled
 * more of the `images` images than Square may, the accuracy has not settled.
 */
export function flagsAfterEscalation(flags: readonly Flag[], felled: number, images: number): Flag[] {
  const answered = flags.map((flag): Flag => (flag.policy === 'escalate' ? { ...flag, policy: 'mark' } : flag))
  const gained = images > 0 ? felled / images : 0
  return [...answered, ...flagged('unsettled', gained, squareGain, gained > squareGain)]
}

/**
 * The flags, if `held` images held. Where none did they become notes: every flag says that an accuracy may be too high,
 * and 0 cannot be.
 */
export function flagsOfHeld(flags: readonly Flag[], held: number): readonly Flag[] {
  return held > 0 ? flags : flags.map((flag) => ({ ...flag, policy: 'mark' }))
}

/** Accuracy that Square may take from what the attacks with gradients left (checks.py:74, `alpha`). */
const squareGain = 0.002
/** Share of the fallen images above which Square felled so many that only masked gradients explain it. */
const squareShare = 0.5

import type { EnsembleVerdict } from './ensemble-verdict.ts'

/**
 * Reasons to doubt a robust accuracy, as facts to be stored beside it. The first five are AutoAttack's own warnings
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

/** One reason, with the number that gave it. */
export interface Flag {
  readonly name: FlagName
  /** What was measured, and the limit it passed. */
  readonly value: number
  readonly limit: number
  readonly policy: FlagPolicy
}

/**
 * What to do about a flag: `refuse` keeps the number out of a ranking, `escalate` asks for a stronger evaluation (more
 * queries, more restarts or `rand`) before it is believed, `mark` leaves it with the note.
 */
export type FlagPolicy = 'refuse' | 'escalate' | 'mark'

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
 * Flags of what a model answers to unperturbed images. `answers` are the logits of the same images from several passes
 * in a row, [passes][images][classes]; at least two passes tell whether the model draws random numbers, the reference
 * takes five.
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

/** Difference of unit logits of two passes from which a model counts as randomised (checks.py:21, `alpha`). */
const randomisedAbove = 1e-4
/** How far from probabilities an output may be and still count as such (checks.py:46). */
const rangeSlack = 1e-5
/**
 * Nats by which the largest logit leads from which float32 takes the other probabilities for 0, so that cross-entropy
 * has no gradient (ln 2²⁴, rounded up).
 */
const saturatedGap = 17
/** Share of such images from which an evaluation counts as masked. */
const saturatedShare = 0.1

/** The largest distance between two passes' answers to one image, each divided by its length (checks.py:27). */
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
 * Flags of input gradients: `sizes` are the sums of their absolute values, one an image, of the loss that the attack
 * climbs (checks.py:61: any 0 is one too many).
 */
export function flagsOfGradients(sizes: readonly number[]): Flag[] {
  const share = sizes.length > 0 ? sizes.filter((size) => size === 0).length / sizes.length : 0
  return flagged('zero-gradient', share, 0, share > 0)
}

/** Flags of an ensemble's verdicts. `leftOut` counts the attacks that the number of classes does not allow. */
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
 * What is left of the doubts once an evaluation has gone on as they asked: they become notes, and where that still
 * felled more than Square may, of `images` images, the accuracy has not settled.
 */
export function flagsAfterEscalation(flags: readonly Flag[], felled: number, images: number): Flag[] {
  const answered = flags.map((flag): Flag => (flag.policy === 'escalate' ? { ...flag, policy: 'mark' } : flag))
  const gained = images > 0 ? felled / images : 0
  return [...answered, ...flagged('unsettled', gained, squareGain, gained > squareGain)]
}

/** Every flag says that an accuracy may be too high. Where no image held it cannot be: the flags are notes. */
export function flagsOfHeld(flags: readonly Flag[], held: number): readonly Flag[] {
  return held > 0 ? flags : flags.map((flag) => ({ ...flag, policy: 'mark' }))
}

/** Accuracy that Square may take from what the gradients left (checks.py:74, `alpha`). */
const squareGain = 0.002
/**
 * Share of all that fell from which a search without gradients did better than those with, which only masked gradients
 * explain.
 */
const squareShare = 0.5

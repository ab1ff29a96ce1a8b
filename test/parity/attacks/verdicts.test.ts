import { runEnsemble, type Ball } from '@gauntlet/attacks'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { norms, robustModelNames, robustModels, weightsOf, type RobustModelName } from './digit-models.ts'
import { heldOutDigits } from './digits.ts'
import { ensembleTaskOnDigits, digitsBatch } from './robust-digits.ts'

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))

type Norm = Ball['norm']
/** One run of the reference. For each attack, `square` being the last, `1` for every image that held after it. */
interface ReferenceRun {
  readonly seed: number
  readonly epsilon: number
  readonly clean: string
  readonly square: string
}
/** One run of ours: the attack that felled each image, separated by spaces; nothing where it held. */
interface OurRun {
  readonly seed: number
  readonly epsilon: number
  readonly felledBy: string
}

/** The runs of the reference and its logits of the first digits, [digits][10]. */
type Reference = Record<Norm, readonly ReferenceRun[]> & { readonly logits: readonly (readonly number[])[] }
const reference = read('reference_verdicts.json') as Record<RobustModelName, Reference>
const ours = read('gauntlet_verdicts.json') as Record<RobustModelName, Record<Norm, readonly OurRun[]>>

describe.each(robustModelNames)('the robust %s', (name) => {
  it('has the logits that PyTorch gives', () => {
    const { model, weights } = robustModels[name]
    const expected = reference[name].logits
    const found = model.logits(digitsBatch(heldOutDigits().images.slice(0, expected.length)), weightsOf(model, weights))
    const worst = found
      .sub(expected as number[][])
      .abs()
      .max()
      .dataSync()[0]!
    expect(worst).toBeLessThan(1e-5 * Math.max(...expected.flat().map(Math.abs)))
  })
})

/** The share of verdicts that must agree, and the most by which the accuracies may differ. */
const [agreement, accuracyGap] = [0.99, 0.003]
/**
 * Our agreement with the reference may lie this far below its agreement with itself: runs of 1,000 images scatter so.
 */
const scatter = 0.005

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const shareOf = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length
const agreementOf = (one: readonly boolean[], other: readonly boolean[]) =>
  shareOf(one.map((value, i) => value === other[i]))

const compared = robustModelNames.flatMap((name) => norms.map((norm) => [name, norm] as const))

/**
 * Both sides draw noise of their own, and AutoAttack's verdicts depend on it: over eight seeds of APGD-CE in the L2
 * ball 531 to 540 digits hold by the reference and 533 to 539 by us, and three seeds of the reference in the L1 ball
 * agree on 968 to 975 digits. Therefore the means over all stored runs are compared, and where the reference agrees
 * with itself less than `agreement`, that is what ours is measured by.
 */
describe.each(compared)('verdicts of `standard` on 1,000 digits by the robust %s in the %s ball', (name, norm) => {
  const [runs, theirs] = [ours[name][norm], reference[name][norm]]
  const held = runs.map(({ felledBy }) => felledBy.split(' ').map((attack) => attack === ''))
  const expected = theirs.map(({ square }) => [...square].map((flag) => flag === '1'))

  it('are of the same digits, radius and seeds', () => {
    expect(runs.map(({ seed }) => seed)).toEqual(theirs.map(({ seed }) => seed))
    expect(runs.length).toBeGreaterThan(0)
    for (const { epsilon } of [...runs, ...theirs]) expect(epsilon).toBe(robustModels[name].epsilons[norm])
    for (const verdicts of [...held, ...expected]) expect(verdicts).toHaveLength(1000)
  })

  it('agree image by image', () => {
    const itself = expected.flatMap((one, i) => expected.slice(i + 1).map((other) => agreementOf(one, other)))
    const asked = itself.length > 0 ? Math.min(agreement, mean(itself) - scatter) : agreement
    const found = held.flatMap((one) => expected.map((other) => agreementOf(one, other)))
    expect(mean(found)).toBeGreaterThanOrEqual(asked)
  })

  it('give the same robust accuracy', () => {
    expect(Math.abs(mean(held.map(shareOf)) - mean(expected.map(shareOf)))).toBeLessThanOrEqual(accuracyGap)
  })

  it('agree on what is wrong unperturbed', () => {
    const cleanOf = ({ felledBy }: OurRun) => felledBy.split(' ').map((attack) => (attack === 'clean' ? '0' : '1'))
    for (const run of runs) expect(cleanOf(run).join('')).toBe(theirs[0]!.clean)
  })

  it('are still those that the first attack gives on the first hundred digits', async () => {
    const task = ensembleTaskOnDigits(name, { norm, count: 100 })
    const first = { attacks: task.attacks.slice(0, 1), batchSize: 100, seed: runs[0]!.seed }
    const again = await runEnsemble({ ...task, ...first })
    const early = runs[0]!.felledBy.split(' ').map((attack) => attack === 'apgd-ce' || attack === 'clean')
    expect(again.filter(({ held: isHeld }, i) => isHeld !== early[i]).length).toBeGreaterThanOrEqual(99)
  }, 120_000)
})

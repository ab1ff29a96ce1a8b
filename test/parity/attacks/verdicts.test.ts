import { runEnsemble, type Ball } from '@gauntlet/attacks'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { robustModelNames, robustModels, weightsOf, type RobustModelName } from './digit-models.ts'
import { heldOutDigits } from './digits.ts'
import { campaignOnDigits, digitsBatch } from './robust-digits.ts'

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))

type Norm = Ball['norm']
/** By attack, `1` for every image that held after it; `square` is the last. */
type ReferenceVerdicts = { readonly epsilon: number; readonly clean: string; readonly 'apgd-ce': string; readonly square: string }
/** What felled each image, by name, separated by spaces; nothing where it held. */
type OurVerdicts = { readonly epsilon: number; readonly felledBy: string }

/** The verdicts of the reference and its logits of the first digits, [digits][10]. */
type Reference = Partial<Record<Norm, ReferenceVerdicts>> & { readonly logits: readonly (readonly number[])[] }
const reference = read('reference_verdicts.json') as Record<RobustModelName, Reference>
const ours = read('gauntlet_verdicts.json') as Record<RobustModelName, Partial<Record<Norm, OurVerdicts>>>

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

/** Of AutoAttack's verdicts, how many may differ, and by how much the accuracy. */
const [agreement, accuracyGap] = [0.99, 0.003]

const compared = robustModelNames.flatMap((name) =>
  (Object.keys(ours[name] ?? {}) as Norm[]).map((norm) => [name, norm] as const),
)

describe.each(compared)(
  "verdicts of `standard` on 1,000 digits by the robust %s in the %s ball, Gauntlet's noise against the reference's",
  (name, norm) => {
    const [verdicts, theirs] = [ours[name][norm]!, reference[name][norm]!]
    const felledBy = verdicts.felledBy.split(' ')
    const held = felledBy.map((attack) => attack === '')
    const expected = [...theirs.square].map((flag) => flag === '1')

    it('agree image by image', () => {
      expect([verdicts.epsilon, theirs.epsilon]).toEqual([robustModels[name].epsilons[norm], verdicts.epsilon])
      expect([held.length, expected.length]).toEqual([1000, 1000])
      expect(held.filter((value, i) => value === expected[i]).length / 1000).toBeGreaterThanOrEqual(agreement)
    })

    it('give the same robust accuracy', () => {
      const accuracyOf = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length
      expect(Math.abs(accuracyOf(held) - accuracyOf(expected))).toBeLessThanOrEqual(accuracyGap)
    })

    it('agree on what is wrong unperturbed', () => {
      expect(felledBy.map((attack) => (attack === 'clean' ? '0' : '1')).join('')).toBe(theirs.clean)
    })

    it('are what the first attack still says of the first hundred', async () => {
      const campaign = campaignOnDigits(name, { norm, count: 100 })
      const again = await runEnsemble({ ...campaign, attacks: campaign.attacks.slice(0, 1), batchSize: 100 })
      const early = felledBy.slice(0, 100).map((attack) => attack === 'apgd-ce' || attack === 'clean')
      expect(again.filter(({ held: stands }, i) => stands !== early[i]).length).toBeGreaterThanOrEqual(99)
    }, 120_000)
  },
)

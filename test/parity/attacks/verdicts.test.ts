import { runEnsemble, type Ball } from '@gauntlet/attacks'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { standardOnDigits } from './robust-digits.ts'

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))

/** By attack, `1` for every image that held after it; `square` is the last. */
type ReferenceVerdicts = { readonly epsilon: number; readonly clean: string; readonly 'apgd-ce': string; readonly square: string }
/** What felled each image, by name, separated by spaces; nothing where it held. */
type OurVerdicts = { readonly epsilon: number; readonly felledBy: string }

const reference = read('reference_verdicts.json') as Record<Ball['norm'], ReferenceVerdicts>
const ours = read('gauntlet_verdicts.json') as Record<Ball['norm'], OurVerdicts>
const norms = Object.keys(ours) as Ball['norm'][]

/** Of AutoAttack's verdicts, how many may differ, and by how much the accuracy. */
const [agreement, accuracyGap] = [0.99, 0.003]

describe.each(norms)(
  "verdicts of `standard` on 1,000 digits in the %s ball, Gauntlet's noise against the reference's",
  (norm) => {
    const felledBy = ours[norm].felledBy.split(' ')
    const held = felledBy.map((attack) => attack === '')
    const expected = [...reference[norm].square].map((flag) => flag === '1')

    it('agree image by image', () => {
      expect(ours[norm].epsilon).toBe(reference[norm].epsilon)
      expect([held.length, expected.length]).toEqual([1000, 1000])
      expect(held.filter((value, i) => value === expected[i]).length / 1000).toBeGreaterThanOrEqual(agreement)
    })

    it('give the same robust accuracy', () => {
      const accuracyOf = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length
      expect(Math.abs(accuracyOf(held) - accuracyOf(expected))).toBeLessThanOrEqual(accuracyGap)
    })

    it('agree on what is wrong unperturbed', () => {
      expect(felledBy.map((attack) => (attack === 'clean' ? '0' : '1')).join('')).toBe(reference[norm].clean)
    })

    it('are what the first attack still says of the first hundred', async () => {
      const campaign = standardOnDigits(norm, ours[norm].epsilon, { count: 100 })
      const verdicts = await runEnsemble({ ...campaign, attacks: campaign.attacks.slice(0, 1), batchSize: 100 })
      const early = felledBy.slice(0, 100).map((attack) => attack === 'apgd-ce' || attack === 'clean')
      expect(verdicts.filter(({ held: stands }, i) => stands !== early[i]).length).toBeGreaterThanOrEqual(99)
    }, 120_000)
  },
)

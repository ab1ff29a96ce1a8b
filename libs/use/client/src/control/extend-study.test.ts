import { expandStudy, parseStudy } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { refuseLosses, StudyNotExtendable } from './extend-study.ts'

const expanded = (changes: Readonly<Record<string, string>> = {}) => {
  const fields = { seeds: '[1, 2]', losses: '[standard]', perturbations: '[clean, L2]', ...changes }
  const text = ['name: tiny', 'datasets: [digits]', 'backbones: [tf_efficientnet_lite0.in1k]', 'protocols: [FFT-1]']
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  return expandStudy(parseStudy([...text, ...lines].join('\n'), 'tiny.study.yaml'))
}

it('lets a study be extended by seeds, cells and perturbations, in whatever order they are listed', () => {
  const more = { seeds: '[3, 2, 1]', losses: '[TRADES, standard]', perturbations: '[common, L2, clean]' }
  expect(() => refuseLosses(expanded(), expanded(more))).not.toThrow()
})

it('names what would be lost', () => {
  const refusal = (changes: Readonly<Record<string, string>>) => {
    try {
      refuseLosses(expanded(), expanded(changes))
    } catch (error) {
      expect(error).toBeInstanceOf(StudyNotExtendable)
      return (error as Error).message
    }
    return 'nothing was refused'
  }
  expect(refusal({ seeds: '[1, 3]' })).toMatch(
    /^The file lacks digits · tf_efficientnet_lite0.in1k · standard · FFT-1 · seed 2, or has other settings/,
  )
  expect(refusal({ perturbations: '[clean]' })).toMatch(/^The file lacks the perturbation L2 2 \(autoattack-standard/)
  const others = refusal({ hyperparameters: '{ effectiveBatch: 16, microBatch: 16 }' })
  expect(others).toMatch(/seed 1 and 1 more configuration, or has other settings for them/)
})

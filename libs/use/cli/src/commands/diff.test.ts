import { expect, it } from 'vitest'
import { renderDiff } from './diff.ts'

it('prints a small p-value with its power of ten, not as 0', () => {
  const number = {
    row: 1,
    configuration: 'digits · a · CE · FFT-5 · seed 1',
    perturbation: 'clean',
    perturbationName: 'clean',
    measurementId: 'm',
    stageKey: 's',
    outcomesDigest: 'o',
    correct: 90,
    total: 100,
  }
  const text = (onlyFirst: number) =>
    renderDiff({
      first: 'one',
      second: 'two',
      pairs: [
        {
          first: number,
          second: { ...number, correct: 90 - onlyFirst },
          differences: [{ stage: 'perturb-and-evaluate', what: 'code', recorded: 'a', planned: 'b' }],
          images: { bothHeld: 90 - onlyFirst, neither: 10, onlyFirst, onlySecond: 0 },
        },
      ],
      onlyFirst: [],
      onlySecond: [],
    })
  expect(text(23)).toContain('23 images held in the first alone, 0 in the second alone (p 2.4e-7)')
  expect(text(6)).toContain('(p 0.031)')
})

import { describe, expect, it } from 'vitest'
import { hasCollapsed, type EpochRecord } from './history.ts'

function epoch(loss: number, predictedClasses: number, labelledClasses = 10, cleanCorrect = 10): EpochRecord {
  return {
    epoch: 1,
    steps: 1,
    learningRates: { backbone: 1, head: 1 },
    training: { images: 100, loss, cleanCorrect, adversarialCorrect: null },
    validation: {
      images: 100,
      cleanCorrect: 10,
      cleanLoss: loss,
      adversarialCorrect: 10,
      adversarialLoss: loss,
      labelledClasses,
      predictedClasses,
    },
  }
}
const constant = epoch(2.4, 1) // ln 10 = 2.303

describe('hasCollapsed', () => {
  it('is three epochs in a row of one class for all images at a loss no better than guessing', () => {
    expect(hasCollapsed([epoch(1, 9), constant, constant, constant], 10)).toBe(true)
    const guessing = epoch(Math.log(10), 1)
    expect(hasCollapsed([guessing, guessing, guessing], 10)).toBe(true)
  })

  it('takes half as many right predictions again as by guessing for guesses', () => {
    expect(
      hasCollapsed(
        [1, 2, 3].map(() => epoch(2.4, 1, 10, 15)),
        10,
      ),
    ).toBe(true)
  })

  it.each([
    ['two epochs are too few', [constant, constant]],
    ['the last epoch tells classes apart', [constant, constant, epoch(2.4, 2)]],
    ['the loss is better than guessing', [constant, constant, epoch(2.2, 1)]],
    ['training images are predicted correctly', [1, 2, 3].map(() => epoch(2.4, 1, 10, 16))],
    ['the validation images have one class only', [1, 2, 3].map(() => epoch(2.4, 1, 1))],
    ['there are no validation images', [1, 2, 3].map(() => ({ ...constant, validation: null }))],
  ])('is not where %s', (_, history) => {
    expect(hasCollapsed(history, 10)).toBe(false)
  })
})

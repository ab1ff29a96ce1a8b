import type { Outcome } from './outcome.ts'
import { OutcomesUnreadable } from './outcomes-unreadable.ts'

/** The outcome that was read from `row`, if its values agree with each other. */
export function soundOutcome(outcome: Outcome, row: number): Outcome {
  const { image, index, label, prediction, held, felledBy, run, margin, distance } = outcome
  const checks: [string, boolean][] = [
    ['image', typeof image === 'string' && /^[0-9a-f]{64}$/.test(image)],
    ['index', isCount(index)],
    ['label', isCount(label)],
    ['prediction', isCount(prediction)],
    ['held', held === (prediction === label)],
    ['felledBy', held ? felledBy === null : typeof felledBy === 'string' && felledBy !== ''],
    ['run', run === null || (isCount(run) && !held)],
    ['margin', Number.isFinite(margin)],
    ['distance', distance === null || (Number.isFinite(distance) && distance >= 0)],
  ]
  const broken = checks.find(([, sound]) => !sound)
  if (broken) throw new OutcomesUnreadable(`row ${row} has no sound ${broken[0]}`)
  return outcome
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0
}

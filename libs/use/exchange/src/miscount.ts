import { decodeOutcomes, OutcomesUnreadable } from '@gauntlet/evaluation/outcomes'
import type { FactOf } from '@gauntlet/ledger'

/**
 * How numbers differ from the outcomes that they say they were counted from, as a clause; null where they do not, or
 * where this version cannot read the outcomes, which `gauntlet verify` says.
 */
export function miscountOf(outcomes: Uint8Array, numbers: readonly FactOf<'measurement'>[]): string | null {
  const counted = countIn(outcomes)
  if (counted === null) return null
  for (const { id, correct, total, evaluator } of numbers) {
    if (correct !== counted.correct || total !== counted.total)
      return `its measurement ${id} says ${correct} of ${total}, and its outcomes ${counted.correct} of ${counted.total}`
    if (evaluator !== counted.evaluator) return `its measurement ${id} says another evaluator than its outcomes`
  }
  return null
}

function countIn(bytes: Uint8Array) {
  try {
    const { outcomes, facts } = decodeOutcomes(bytes)
    return {
      correct: outcomes.filter(({ held }) => held).length,
      total: outcomes.length,
      evaluator: facts.evaluator,
    }
  } catch (error) {
    if (error instanceof OutcomesUnreadable) return null
    throw error
  }
}

import type { SideResult } from './results.ts'

/** How far two sides' numbers may lie apart, relatively: rounding, which steps by a sign and gradients of deep networks blow up. */
const tolerances: Readonly<Record<string, number>> = { 'squared logits': 1e-3, loss: 1e-2, 'gradient norm': 0.1 }

/** With dropout, which each side draws for itself: enough to tell a wrong model by its scale. */
const randomTolerance = 0.5

/** Marks the times of those that computed something else than the first side that answered: nobody is to be timed at different work. */
export function requireSameWork(sides: readonly SideResult[]): void {
  const [reference, ...others] = sides.filter(({ prepared, failure }) => prepared && failure === undefined)
  const random = sides.some(({ prepared }) => prepared?.random)
  for (const other of others) {
    const difference = differenceOf(reference!, other, random)
    if (difference !== undefined) other.failure = difference
  }
}

function differenceOf(reference: SideResult, other: SideResult, random: boolean): string | undefined {
  for (const [name, expected] of Object.entries(reference.prepared!.checks)) {
    const value = other.prepared!.checks[name] ?? NaN
    const allowed = random ? randomTolerance : (tolerances[name] ?? 0)
    if (Math.abs(value - expected) <= allowed * Math.abs(expected)) continue
    return `It did other work: ${name} ${value} where ${reference.side} has ${expected}; compare their models.`
  }
  return undefined
}

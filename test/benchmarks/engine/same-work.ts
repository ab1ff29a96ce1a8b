import type { SideResult } from './results.ts'

/**
 * The largest relative difference between two sides' numbers that rounding may cause. Steps by a sign and gradients of
 * deep networks amplify it.
 */
const tolerances: Readonly<Record<string, number>> = { 'squared logits': 1e-3, loss: 1e-2, 'gradient norm': 0.1 }

/**
 * The tolerance with dropout, which each side draws for itself. It suffices to recognise a wrong model by its scale.
 */
const randomTolerance = 0.5

/**
 * Gauntlet may differ by so many times the difference that rounding makes between PyTorch's own sides, or that the last
 * bit of the weights makes in one of them.
 */
const spreadAllowance = 4

/**
 * Marks sides as failed that computed something else than the first side that answered, so that only equal work is
 * compared.
 */
export function requireSameWork(sides: readonly SideResult[]): void {
  const [reference, ...others] = sides.filter(({ prepared, failure }) => prepared && failure === undefined)
  const random = sides.some(({ prepared }) => prepared?.random)
  for (const [name, expected] of Object.entries(reference?.prepared?.checks ?? {})) {
    const values = others.map(({ prepared }) => prepared!.checks[name] ?? NaN)
    const fixed = random ? randomTolerance : (tolerances[name] ?? 0)
    const finite = values.filter(Number.isFinite)
    const among = finite.length > 1 ? Math.max(...finite) - Math.min(...finite) : 0
    const spread = Math.max(among, ...sides.map(({ prepared }) => prepared?.spread?.[name] ?? 0))
    const allowed = Math.max(fixed * Math.abs(expected), spreadAllowance * spread)
    for (const [i, other] of others.entries()) {
      if (Math.abs(values[i]! - expected) <= allowed) continue
      other.failure ??= `It did other work: ${name} ${values[i]} where ${reference!.side} has ${expected}; compare their models.`
    }
  }
}

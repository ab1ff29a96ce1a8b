import type { SideResult } from './results.ts'

/**
 * How far two sides' numbers may lie apart, relatively: rounding, which steps by a sign and gradients of deep networks
 * blow up.
 */
const tolerances: Readonly<Record<string, number>> = { 'squared logits': 1e-3, loss: 1e-2, 'gradient norm': 0.1 }

/** With dropout, which each side draws for itself: enough to tell a wrong model by its scale. */
const randomTolerance = 0.5

/**
 * Rounding makes so much of a difference among PyTorch's own sides, or to one of them with the last bit of its weights;
 * ours may differ by a few times that.
 */
const spreadAllowance = 4

/**
 * Marks the times of those that computed something else than the first side that answered: nobody is to be timed at
 * different work.
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

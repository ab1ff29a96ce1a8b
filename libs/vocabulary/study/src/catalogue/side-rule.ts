import type { SideRule } from './backbone-facts.ts'

/** Whether a backbone computes with square images of this side, in pixels. */
export function computesWith({ native, minimum, step }: SideRule, side: number): boolean {
  return side === native || (side >= minimum && side % step === 0)
}

/** The sides that a backbone computes with, to stand after "computes with". */
export function sidesText({ native, minimum, step }: SideRule): string {
  if (step === 1) return `${minimum} × ${minimum} pixels or more`
  const beside = native % step === 0 ? '' : ` and with ${native} × ${native} pixels`
  return `squares whose side is a multiple of ${step} pixels${beside}`
}

import type { Ball } from './ball.ts'
import { l1 } from './l1.ts'
import { l2 } from './l2.ts'
import { linf } from './linf.ts'

const balls: Readonly<Record<Ball['norm'], (epsilon: number) => Ball>> = { Linf: linf, L2: l2, L1: l1 }

/** The ball of a norm by its name. */
export function ballOf(norm: Ball['norm'], epsilon: number): Ball {
  return balls[norm](epsilon)
}

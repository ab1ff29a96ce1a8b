import { digestOfBytes } from '@gauntlet/study'

/** A function of one number, and the arguments it is tried on. */
interface TriedFunction {
  readonly range: readonly [low: number, high: number]
  of(x: number): number
}

/**
 * The functions of `Math` that results depend on and whose last bits ECMAScript leaves to the engine (21.3.2). What is
 * not here must not be used in libs/science, nor any power but squares and those of two: Node 24 gives other bits than
 * Node 22 for a tenth of all `x ** y` (test/architecture/math-functions.test.ts).
 */
export const mathFunctions = {
  cos: { range: [-20, 20], of: Math.cos },
  exp: { range: [-40, 4], of: Math.exp },
  hypot: { range: [0, 100], of: (x: number) => Math.hypot(x, 100 - x, 1) },
  log: { range: [0, 1], of: Math.log },
  log2: { range: [0, 1_000], of: Math.log2 },
  sin: { range: [-20, 20], of: Math.sin },
} as const satisfies Readonly<Record<string, TriedFunction>>

/** Arguments a function is tried on: where one result in a hundred has changed, one of these has. */
const trials = 1_024

/** Its multiples, without their whole parts, fill an interval evenly and have all their bits in use. */
const goldenRatio = (Math.sqrt(5) - 1) / 2

/**
 * Tells apart JavaScript engines whose arithmetic differs: the first digits of the digest of what these functions give.
 * All Nodes from 20.19 to 26 have the same (`npm run test:nodes`).
 */
export function mathFunctionsDigest(functions: Readonly<Record<string, TriedFunction>> = mathFunctions): string {
  const results = Object.values(functions).flatMap(({ range: [low, high], of }) =>
    Array.from({ length: trials }, (_, i) => of(low + (high - low) * (((i + 1) * goldenRatio) % 1))),
  )
  return digestOfBytes(new Uint8Array(Float64Array.from(results).buffer)).slice(0, 16)
}

import { bytesLevel } from './bytes-level.ts'
import type { CountedOutcomes } from './counted-outcomes.ts'
import { graphLevel } from './graph-level.ts'
import { keysLevel } from './keys-level.ts'
import type { Level } from './level.ts'
import { numbersLevel } from './numbers-level.ts'

/** The levels of `gauntlet verify`, in their order. Each can be checked without the others. */
export function verificationLevels(counted: CountedOutcomes): readonly Level[] {
  return [bytesLevel, keysLevel, numbersLevel(counted), graphLevel]
}

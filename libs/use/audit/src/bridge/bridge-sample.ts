import type { Digest } from '@gauntlet/study'
import { sampledNumbers } from '../reproduce/sampled-numbers.ts'
import { nameOfChange, type BridgePlan } from './plan-bridge.ts'

/**
 * A share of the numbers of a bridge, in (0, 1], and as many more as it takes for every change of code to be executed
 * at least once. The same ones are drawn however often one seed is given.
 */
export function bridgeSample({ numbers, changes }: BridgePlan, share: number, seed: number): Digest[] {
  const ids = numbers.map(({ measurementId }) => measurementId)
  const drawn = new Set(sampledNumbers(ids, share, seed))
  for (const change of changes.map(nameOfChange)) {
    const resting = numbers.filter((number) => number.changes.some((one) => nameOfChange(one) === change))
    const own = resting.map(({ measurementId }) => measurementId)
    if (!own.some((id) => drawn.has(id))) drawn.add(sampledNumbers(own, 1 / own.length, seed)[0]!)
  }
  return ids.filter((id) => drawn.has(id))
}

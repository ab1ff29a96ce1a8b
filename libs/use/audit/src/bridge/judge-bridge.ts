import { stages as stageOrder } from '@gauntlet/study'
import type { JudgedReproduction } from '../reproduce/judge-reproduction.ts'
import type { BridgePlan } from './plan-bridge.ts'

/**
 * Why numbers that were computed again by the present code do not bear a bridge, in one sentence that names the first
 * stage; null where they do: every stage of each made the same bytes, by the code that the plan has, in the environment
 * class of the record.
 */
export function refusalOfBridge({ changes }: BridgePlan, judged: readonly JudgedReproduction[]): string | null {
  const stages = judged.flatMap((number) => number.stages)
  const inOrder = stages.toSorted((a, b) => stageOrder.indexOf(a.stage) - stageOrder.indexOf(b.stage))
  const elsewhere = inOrder.find(({ otherEnvironment }) => otherEnvironment.length > 0)
  if (elsewhere)
    return `${elsewhere.stage} was computed in another environment class (${elsewhere.otherEnvironment.join('; ')}); reproduce on a machine of the recorded one.`
  const changed = inOrder.find(({ otherBytes }) => otherBytes.length > 0)
  if (changed) {
    const others = judged.filter(({ verdict }) => verdict !== 'same-bytes').length
    return `The present code makes other bytes, first at stage ${changed.stage} (${changed.otherBytes.join(', ')}), in ${others} of ${judged.length} numbers; npx gauntlet run makes the numbers again.`
  }
  const executed = new Set(stages.map(({ codeDigest }) => codeDigest))
  const other = changes.find(({ to }) => !executed.has(to))
  if (other)
    return `The workers run other code of ${other.code} than this checkout (${other.to.slice(0, 12)}); reproduce in the checkout of the workers.`
  return null
}

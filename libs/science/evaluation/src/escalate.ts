import {
  flagsAfterEscalation,
  runEnsemble,
  subsetOf,
  type EnsembleTask,
  type EnsembleVerdict,
  type Flag,
} from '@gauntlet/attacks'
import { reporting } from './attack-progress.ts'
import type { AttackEvaluation } from './evaluation.ts'
import type { Escalation } from './evidence.ts'

/** Verdicts, and the reasons to doubt their accuracy. */
interface FlaggedVerdicts {
  readonly verdicts: readonly EnsembleVerdict[]
  readonly flags: readonly Flag[]
}

/**
 * Goes on against the images that held, with the attacks of `task`: an ensemble of its own on them alone, whose attacks
 * have names and thus noise of their own. The verdicts are then those of both; where the escalation fells much, the
 * accuracy has not settled and is refused.
 */
export async function escalated(
  task: EnsembleTask,
  { onProgress, reader, resumeFrom }: AttackEvaluation,
  { verdicts, flags }: FlaggedVerdicts,
): Promise<FlaggedVerdicts & { readonly escalation: Escalation }> {
  const { attacks, imageSet, onFallen } = task
  const rows = [...verdicts.keys()].filter((row) => verdicts[row]!.held)
  const progress = resumeFrom?.kind === 'ensemble' && resumeFrom.before ? resumeFrom.ensemble : undefined
  const found = await runEnsemble(
    {
      ...task,
      imageSet: subsetOf(imageSet, rows),
      onBlock: reporting({ onProgress, reader }, attacks, verdicts),
      onFallen: onFallen && ((i, point) => onFallen(rows[i]!, point)),
    },
    progress,
  )
  const merged = [...verdicts]
  rows.forEach((row, i) => (merged[row] = worse(verdicts[row]!, found[i]!)))
  const felled = found.filter(({ held }) => !held).length
  return {
    verdicts: merged,
    flags: flagsAfterEscalation(flags, felled, verdicts.length),
    escalation: { attacks: attacks.map(({ name }) => name), attacked: rows.length, felled },
  }
}

/**
 * Of two verdicts on an image that held before, the one where it fell or came closer to it, with the passes of both.
 */
function worse(before: EnsembleVerdict, after: EnsembleVerdict): EnsembleVerdict {
  const deciding = !after.held || after.margin < before.margin ? after : before
  return { ...deciding, forwards: before.forwards + after.forwards, backwards: before.backwards + after.backwards }
}

import type { Attack, EnsembleVerdict, OnBlock } from '@gauntlet/attacks'
import type { AttackEvaluation, SavedEvaluation } from './evaluation.ts'

/**
 * Reports after every block how much of the work is done, in images. `before` are the verdicts of earlier attacks, of
 * which only the images that held are attacked now. They counted as done until now, so that the number falls when an
 * escalation begins.
 */
export function reporting(
  { onProgress, reader }: Pick<AttackEvaluation, 'onProgress' | 'reader'>,
  attacks: readonly Attack[],
  before?: readonly EnsembleVerdict[],
): OnBlock | undefined {
  if (!onProgress) return undefined
  const whole = attacks.reduce((sum, { runs, steps, cost }) => sum + runs * steps * (cost.forwards + cost.backwards), 1)
  const fallen = before ? before.filter(({ held }) => !held).length : 0
  return async (save, verdicts) => {
    const share = ({ held, forwards, backwards }: EnsembleVerdict) =>
      held ? Math.min((forwards + backwards) / whole, 1) : 1
    const done = fallen + Math.floor(verdicts.reduce((sum, verdict) => sum + share(verdict), 0))
    const saved = async (): Promise<SavedEvaluation> => ({
      kind: 'ensemble',
      ensemble: await save(),
      ...(before ? { before } : {}),
    })
    await onProgress({ done, total: reader.count, save: saved })
  }
}

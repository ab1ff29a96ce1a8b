import { finishedPointer, type LedgerActivities } from '@gauntlet/contract'
import { fulfilExecution, withdrawFulfilment, type FulfilmentReport } from '@gauntlet/ledger'
import { stageKey, type ArtifactsByRole } from '@gauntlet/study'
import { log } from '@temporalio/activity'
import type { Dependencies } from './dependencies.ts'
import { areIntact } from './intact-artifacts.ts'
import { reportedAttempt } from './reported-attempt.ts'

/** Records that an attempt has succeeded, and gives the outputs that stand. */
export function createFulfil(dependencies: Dependencies): LedgerActivities['fulfil'] {
  return async ({ identity, configurationId, used, result, ...report }) => {
    const attempt = reportedAttempt(report, result.evidence)
    const success = { identity, configurationId, attempt, used, generated: result.generated }
    const generated = await standingOutputs(dependencies, success)
    await dependencies.store.deletePointer(finishedPointer(stageKey(identity)))
    return { generated }
  }
}

/**
 * Records a success. Where the stage was already fulfilled with other bytes, those stand, and the worker logs a
 * warning. Only if the store has lost them do the new ones take their place, since the stage would otherwise stay
 * without a result for ever.
 */
async function standingOutputs({ db, store }: Dependencies, report: FulfilmentReport): Promise<ArtifactsByRole> {
  const { standing, outputs } = await fulfilExecution(db, report)
  if (standing !== 'contradicted') return outputs
  const key = stageKey(report.identity)
  const what = `${report.identity.stage} ${key}: attempt ${report.attempt.id} made other bytes than the stage was fulfilled with`
  if (await areIntact(store, outputs)) {
    const facts = { generated: report.generated, standing: outputs }
    log.warn(`${what}; the first ones stand. This stage is not reproducible.`, facts)
    return outputs
  }
  const reason = `${what}, which are lost from the store.`
  log.warn(`${reason} The new ones take their place.`, { generated: report.generated, lost: outputs })
  await withdrawFulfilment(db, key, reason)
  return (await fulfilExecution(db, report)).outputs
}

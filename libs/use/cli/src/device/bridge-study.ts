import { bridgeSample, planBridge, refusalOfBridge, type BridgePlan, type JudgedReproduction } from '@gauntlet/audit'
import { stageCodesIn } from '@gauntlet/client'
import { recordBridge, studyEvidence } from '@gauntlet/ledger'
import { CommandFailed } from '../command-failed.ts'
import { quoted } from '../print/quoted.ts'
import type { LedgerSession } from '../stack/local-ledger.ts'
import { askWorkersOrLedger } from '../stack/worker-description.ts'
import { runReproduction } from './run-reproduction.ts'

/** What came of an attempt to bridge a study over a code change. */
export interface BridgeAttempt {
  /** The number of the bridge; null where it was refused. */
  readonly bridge: number | null
  /** Why it was refused, in one sentence; null where it was not. */
  readonly refusal: string | null
  readonly plan: BridgePlan
  readonly judged: readonly JudgedReproduction[]
}

/**
 * Computes a share of a study's numbers again by the present code, from the first stage whose code changed on, and lets
 * the study keep its numbers under that code where every stage made the same bytes.
 */
export async function bridgeStudy(
  session: LedgerSession,
  study: string,
  { share, seed, tolerance }: { readonly share: number; readonly seed: number; readonly tolerance: number },
): Promise<BridgeAttempt> {
  const { db, settings } = session
  const evidence = await studyEvidence(db, study)
  const { description } = await askWorkersOrLedger(settings, db, stageCodesIn(evidence))
  const plan = await planBridge(db, evidence, description)
  if (!plan)
    throw new CommandFailed(
      `${study} has nothing to bridge: no number lacks only because code changed; npx gauntlet plan ${quoted(study)} --why says what would run.`,
    )
  const sample = bridgeSample(plan, share, seed)
  const judged = await runReproduction(session, sample, { code: 'current', tolerance, first: plan.first })
  const refusal = refusalOfBridge(plan, judged)
  if (refusal !== null) return { bridge: null, refusal, plan, judged }
  const bridge = await recordBridge(db, {
    studyId: evidence.study.id,
    share,
    numbers: plan.numbers.length,
    reproductions: judged.map(({ reproduction }) => reproduction),
    stages: plan.stages,
  })
  return { bridge, refusal, plan, judged }
}

import { intactAmong, type ArtifactStore } from '@gauntlet/artifacts'
import type { PlannedStage, WorkerDescription } from '@gauntlet/contract'
import { outOfMemoryFacts, recallIntact, type LedgerDatabase } from '@gauntlet/ledger'
import { stageCosts, type Expansion, type StageCost, type StageName } from '@gauntlet/study'
import { planPlaced } from './placed-plan.ts'

/** A study before it runs: every stage, and the forward-equivalents that are left. */
export interface StudyPlan {
  readonly stages: readonly PlannedStage[]
  readonly byStage: readonly StageCount[]
  /** Null where a dataset's size is not known before it is prepared. */
  readonly forwardsLeft: number | null
}

export interface StageCount {
  readonly stage: StageName
  readonly fulfilled: number
  /** Those of the fulfilled ones that are known by a bridge over a code change. */
  readonly bridged: number
  /** Will not run: training is known to diverge. */
  readonly diverged: number
  readonly toRun: number
  readonly forwardsLeft: number | null
}

/** Plans a study, with what the ledger has already. */
export async function planStudy(
  expansion: Expansion,
  worker: WorkerDescription,
  db: LedgerDatabase,
  store: ArtifactStore,
): Promise<StudyPlan> {
  const { configurations, perturbations } = expansion
  const ranOutAt = await outOfMemoryFacts(db, worker.environmentClass)
  const recall = recallIntact(db, (digests) => intactAmong(store, digests))
  const stages = await planPlaced(db, { configurations, perturbations, worker, recall, ranOutAt })
  const names = [...new Set(stages.map(({ stage }) => stage))]
  const byStage = names.map((stage) => countStage(stage, stages))
  return {
    stages,
    byStage,
    forwardsLeft: byStage.reduce<number | null>((sum, { forwardsLeft }) => plus(sum, forwardsLeft), 0),
  }
}

/** The cost of a planned stage in forward-equivalents; null where it is not known yet. */
export function plannedCost(planned: PlannedStage): number | null {
  return costOf(planned)?.forwards ?? null
}

/** The cost of a planned stage; undefined for a stage whose cost is not counted. */
export function costOf({ stage, perturbation, configurations }: PlannedStage): StageCost | undefined {
  return stageCosts(configurations[0]!, perturbation ? [perturbation] : []).find((cost) => cost.stage === stage)
}

function countStage(stage: StageName, stages: readonly PlannedStage[]): StageCount {
  const own = stages.filter((planned) => planned.stage === stage)
  const open = own.filter(({ state }) => state === 'open')
  const forwardsLeft = open.reduce<number | null>((sum, planned) => plus(sum, plannedCost(planned)), 0)
  const fulfilled = own.filter(({ state }) => state === 'fulfilled').length
  const bridged = own.filter(({ bridge }) => bridge !== undefined).length
  return { stage, fulfilled, bridged, diverged: own.length - open.length - fulfilled, toRun: open.length, forwardsLeft }
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}

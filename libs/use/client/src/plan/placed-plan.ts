import {
  plan,
  type OutOfMemoryFacts,
  type PlannedStage,
  type RecallStages,
  type WorkerDescription,
} from '@gauntlet/contract'
import { bridgedStages, lastPoolDescription, outOfMemoryFacts, placements, type LedgerDatabase } from '@gauntlet/ledger'
import { configurationId, type Configuration, type Perturbation } from '@gauntlet/study'

/** What is planned, by whose code, and what is known. */
export interface PlacedPlanInput {
  readonly configurations: readonly Configuration[]
  readonly perturbations: readonly Perturbation[]
  /** The workers of the configurations that were placed in no declared pool. Their code is that of all. */
  readonly worker: WorkerDescription
  readonly recall: RecallStages
  /** What is known to run out of memory on `worker`. */
  readonly ranOutAt: OutOfMemoryFacts
}

/**
 * Plans each configuration for the environment of the declared pool in which it was placed, as the ledger has it, and
 * the others for `worker`. A stage that configurations of several pools share is planned once.
 */
export async function planPlaced(db: LedgerDatabase, input: PlacedPlanInput): Promise<PlannedStage[]> {
  return withBridges(db, await planByPool(db, input))
}

/** The planned stages, those that are known by a bridge with it. */
async function withBridges(db: LedgerDatabase, planned: readonly PlannedStage[]): Promise<PlannedStage[]> {
  const fulfilled = planned.flatMap(({ state, stageKey }) => (state === 'fulfilled' && stageKey ? [stageKey] : []))
  const bridges = await bridgedStages(db, fulfilled)
  if (bridges.size === 0) return [...planned]
  return planned.map((stage) => {
    const bridge = stage.stageKey === null ? undefined : bridges.get(stage.stageKey)
    return bridge ? { ...stage, bridge } : stage
  })
}

async function planByPool(db: LedgerDatabase, input: PlacedPlanInput): Promise<PlannedStage[]> {
  const { configurations, perturbations, worker, recall, ranOutAt } = input
  const placed = await placements(db, configurations.map(configurationId))
  if (placed.size === 0) return plan(configurations, perturbations, worker, recall, ranOutAt)
  const groups = new Map<string | undefined, Configuration[]>()
  for (const configuration of configurations) {
    const pool = placed.get(configurationId(configuration))
    const group = groups.get(pool)
    if (group) group.push(configuration)
    else groups.set(pool, [configuration])
  }
  const planned: PlannedStage[] = []
  for (const [pool, group] of groups) {
    const placedWorker = pool === undefined ? worker : await workerOf(db, pool, worker)
    const facts = placedWorker === worker ? ranOutAt : await outOfMemoryFacts(db, placedWorker.environmentClass)
    planned.push(...(await plan(group, perturbations, placedWorker, recall, facts)))
  }
  return mergeShared(planned)
}

/** The workers of a pool: in its recorded environment, by the code of those who were asked. */
async function workerOf(db: LedgerDatabase, pool: string, asked: WorkerDescription): Promise<WorkerDescription> {
  const recorded = await lastPoolDescription(db, pool, [])
  if (!recorded) return asked
  const { environment, environmentClass, host } = recorded.document as unknown as WorkerDescription
  return { ...asked, environment, environmentClass, host }
}

/** Stages under the same key as one, which serves the configurations of all. */
function mergeShared(stages: readonly PlannedStage[]): PlannedStage[] {
  const merged = new Map<string, PlannedStage>()
  for (const [index, stage] of stages.entries()) {
    const name = stage.stageKey ? `${stage.stageKey} ${JSON.stringify(stage.perturbation ?? null)}` : String(index)
    const known = merged.get(name)
    const configurations = [...(known?.configurations ?? []), ...stage.configurations]
    merged.set(name, { ...(known ?? stage), configurations })
  }
  return [...merged.values()]
}

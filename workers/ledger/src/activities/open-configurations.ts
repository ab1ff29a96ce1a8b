import { intactAmong } from '@gauntlet/artifacts'
import {
  plan,
  type LedgerActivities,
  type ListedConfiguration,
  type OutOfMemoryFacts,
  type PlannedStage,
  type WorkerDescription,
} from '@gauntlet/contract'
import { measuredUnder, measurementId, outOfMemoryFacts, recallIntact, recordedKeysOf } from '@gauntlet/ledger'
import { configurationId, type Configuration, type Digest, type Perturbation } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'
import { placingIn } from './placed-configurations.ts'

/** How many configurations are looked at together. */
const chunk = 200

/** The next configurations of a study that lack a number, or an artifact behind one. */
export function createOpenConfigurations(dependencies: Dependencies): LedgerActivities['openConfigurations'] {
  return async ({ file, worker, pools, offset, limit }) => {
    const { configurations, perturbations } = (await dependencies.studies(file)).expansion
    const place = pools && (await placingIn(dependencies, pools))
    const planOn = planner(dependencies, perturbations)
    const open: ListedConfiguration[] = []
    let next = offset
    while (open.length < limit && next < configurations.length) {
      const looked = configurations.slice(next, next + chunk)
      const placed = await place?.(looked)
      const stages = placed ? await planPlaced(looked, placed, pools!, planOn) : await planOn(looked, worker)
      const unfinished = await unfinishedOf(dependencies, stages)
      const rest = limit - open.length
      const found = looked.flatMap((configuration, i) => {
        const pool = placed?.get(configuration)
        return unfinished.has(configuration) ? [{ index: next + i, configuration, ...(pool ? { pool } : {}) }] : []
      })
      open.push(...found.slice(0, rest))
      next = found.length > rest ? open.at(-1)!.index + 1 : next + looked.length
    }
    return { open, next }
  }
}

type PlanOn = (configurations: readonly Configuration[], worker: WorkerDescription) => Promise<PlannedStage[]>

/** Plans configurations for workers; what is known to run out of memory there is read once. */
function planner({ db, store }: Dependencies, perturbations: readonly Perturbation[]): PlanOn {
  const facts = new Map<Digest, Promise<OutOfMemoryFacts>>()
  const recall = recallIntact(db, (digests) => intactAmong(store, digests))
  return async (configurations, worker) => {
    const { environmentClass } = worker
    const known = facts.get(environmentClass) ?? outOfMemoryFacts(db, environmentClass)
    facts.set(environmentClass, known)
    return plan(configurations, perturbations, worker, recall, await known)
  }
}

/** Plans each configuration for the workers of its pool. */
async function planPlaced(
  configurations: readonly Configuration[],
  placed: ReadonlyMap<Configuration, string>,
  pools: Readonly<Record<string, WorkerDescription>>,
  planOn: PlanOn,
): Promise<PlannedStage[]> {
  const planned = Object.entries(pools).map(([name, worker]) =>
    planOn(
      configurations.filter((configuration) => placed.get(configuration) === name),
      worker,
    ),
  )
  return (await Promise.all(planned)).flat()
}

/** The configurations of a plan of which a stage or a number is missing. */
async function unfinishedOf({ db }: Dependencies, stages: readonly PlannedStage[]): Promise<Set<Configuration>> {
  const evaluations = stages.filter(({ stage }) => stage === 'perturb-and-evaluate')
  const keys = evaluations.flatMap(({ stageKey }) => stageKey ?? [])
  const recordedKeys = await recordedKeysOf(db, keys)
  const measured = await measuredUnder(db, [...recordedKeys.values()])
  const lacksNumber = evaluations.flatMap(({ configurations: served, perturbation, stageKey }) =>
    served.filter((each) => {
      const cell = {
        configurationId: configurationId(each),
        perturbation: perturbation!,
        stageKey: recordedKeys.get(stageKey ?? '')!,
      }
      return stageKey === null || !measured.has(measurementId(cell))
    }),
  )
  const lacksStage = stages.flatMap((each) => (each.state === 'fulfilled' ? [] : each.configurations))
  return new Set([...lacksStage, ...lacksNumber])
}

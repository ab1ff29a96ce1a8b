import {
  plan,
  type KnownStage,
  type LedgerActivities,
  type ListedConfiguration,
  type PlannedStage,
  type RecallStages,
} from '@gauntlet/contract'
import { knownStages, measuredUnder, measurementId, outOfMemoryFacts } from '@gauntlet/ledger'
import { configurationId, type Configuration, type Digest } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'
import { areIntact } from './intact-artifacts.ts'

/** How many configurations are looked at together. */
const chunk = 200

/** The next configurations of a study that lack a number, or an artifact behind one. */
export function createOpenConfigurations(dependencies: Dependencies): LedgerActivities['openConfigurations'] {
  return async ({ file, worker, offset, limit }) => {
    const { configurations, perturbations } = (await dependencies.studies(file)).expansion
    const ranOutAt = await outOfMemoryFacts(dependencies.db, worker.environmentClass)
    const open: ListedConfiguration[] = []
    let next = offset
    while (open.length < limit && next < configurations.length) {
      const looked = configurations.slice(next, next + chunk)
      const stages = await plan(looked, perturbations, worker, recallIntact(dependencies), ranOutAt)
      const unfinished = await unfinishedOf(dependencies, stages)
      const rest = limit - open.length
      const found = looked.flatMap((configuration, i) =>
        unfinished.has(configuration) ? [{ index: next + i, configuration }] : [],
      )
      open.push(...found.slice(0, rest))
      next = found.length > rest ? open.at(-1)!.index + 1 : next + looked.length
    }
    return { open, next }
  }
}

/** Recalls the known stages whose outputs the store has, unchanged. */
function recallIntact({ db, store }: Dependencies): RecallStages {
  return async (keys) => {
    const intact: [Digest, KnownStage][] = []
    for (const [key, outputs] of await knownStages(db, keys))
      if (outputs === null || (await areIntact(store, outputs))) intact.push([key, outputs])
    return new Map(intact)
  }
}

/** The configurations of a plan of which a stage or a number is missing. */
async function unfinishedOf({ db }: Dependencies, stages: readonly PlannedStage[]): Promise<Set<Configuration>> {
  const evaluations = stages.filter(({ stage }) => stage === 'perturb-and-evaluate')
  const measured = await measuredUnder(
    db,
    evaluations.flatMap(({ stageKey }) => stageKey ?? []),
  )
  const lacksNumber = evaluations.flatMap(({ configurations: served, perturbation, stageKey }) =>
    served.filter((each) => {
      const cell = { configurationId: configurationId(each), perturbation: perturbation!, stageKey: stageKey! }
      return stageKey === null || !measured.has(measurementId(cell))
    }),
  )
  const lacksStage = stages.flatMap((each) => (each.state === 'fulfilled' ? [] : each.configurations))
  return new Set([...lacksStage, ...lacksNumber])
}

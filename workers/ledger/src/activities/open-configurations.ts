import {
  plan,
  type KnownStage,
  type LedgerActivities,
  type ListedConfiguration,
  type WorkerDescription,
} from '@gauntlet/contract'
import { knownStages, measuredUnder, measurementId, outOfMemoryFacts } from '@gauntlet/ledger'
import { configurationId, type Configuration, type Digest, type Perturbation } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'
import { areIntact } from './intact-artifacts.ts'

/** How many configurations are looked at together. */
const chunk = 200

/** The next configurations of a study that lack a number, or an artifact behind one. */
export function createOpenConfigurations(dependencies: Dependencies): LedgerActivities['openConfigurations'] {
  return async ({ file, worker, offset, limit }) => {
    const { configurations, perturbations } = (await dependencies.studies(file)).expansion
    const open: ListedConfiguration[] = []
    let next = offset
    while (open.length < limit && next < configurations.length) {
      const looked = configurations.slice(next, next + chunk)
      const unfinished = await unfinishedOf(dependencies, worker, looked, perturbations)
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

/** The configurations of which a stage or a number is missing. */
async function unfinishedOf(
  { db, store }: Dependencies,
  worker: WorkerDescription,
  configurations: readonly Configuration[],
  perturbations: readonly Perturbation[],
): Promise<Set<Configuration>> {
  const ranOutAt = await outOfMemoryFacts(db, worker.environmentClass)
  const recall = async (keys: readonly Digest[]): Promise<ReadonlyMap<Digest, KnownStage>> => {
    const intact: [Digest, KnownStage][] = []
    for (const [key, outputs] of await knownStages(db, keys))
      if (outputs === null || (await areIntact(store, outputs))) intact.push([key, outputs])
    return new Map(intact)
  }
  const stages = await plan(configurations, perturbations, worker, recall, ranOutAt)
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

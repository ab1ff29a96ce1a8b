import { plan, type KnownStage, type LedgerActivities, type ListedConfiguration } from '@gauntlet/contract'
import { knownStages, measuredCells, outOfMemoryFacts, perturbationKey } from '@gauntlet/ledger'
import { configurationId, type Configuration, type Digest, type Perturbation } from '@gauntlet/study'
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
      const recall = (keys: readonly Digest[]) => intactStages(dependencies, keys)
      const stages = await plan(looked, perturbations, worker, recall, ranOutAt)
      const unfinished = new Set(stages.flatMap((each) => (each.state === 'fulfilled' ? [] : each.configurations)))
      const evaluations = stages.filter(({ stage }) => stage === 'perturb-and-evaluate')
      const measured = await measuredCells(dependencies.db, evaluations.flatMap(({ stageKey }) => stageKey ?? []))
      for (const { configurations: served, perturbation, stageKey } of evaluations)
        for (const each of served) if (!measured.has(cellOf(each, perturbation!, stageKey))) unfinished.add(each)
      const found = looked.flatMap((configuration, i) =>
        unfinished.has(configuration) ? [{ index: next + i, configuration }] : [],
      )
      const taken = found.slice(0, limit - open.length)
      open.push(...taken)
      next = taken.length < found.length ? taken.at(-1)!.index + 1 : next + looked.length
    }
    return { open, next }
  }
}

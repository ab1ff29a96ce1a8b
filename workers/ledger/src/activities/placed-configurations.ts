import { choosePool, type DeclaredPool, type OutOfMemoryFacts, type WorkerDescription } from '@gauntlet/contract'
import { declaredPools, outOfMemoryFacts, placeConfigurations, placements } from '@gauntlet/ledger'
import { configurationId, type Configuration, type Digest } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'

/** A declared pool whose workers are described, and what is known to run out of memory there. */
interface OpenPool {
  readonly declared: DeclaredPool
  readonly ranOutAt: OutOfMemoryFacts
}

/** Places the configurations of a study in its pools. */
export type PlaceInPools = (configurations: readonly Configuration[]) => Promise<ReadonlyMap<Configuration, string>>

/**
 * Places configurations in these pools, and remembers it. One that is in one of them stays there, so that its keys
 * agree, unless it has run out of memory there for good.
 */
export async function placingIn(
  { db }: Pick<Dependencies, 'db'>,
  workers: Readonly<Record<string, WorkerDescription>>,
): Promise<PlaceInPools> {
  const pools = new Map<string, OpenPool>()
  for (const declared of await declaredPools(db, Object.keys(workers))) {
    const ranOutAt = await outOfMemoryFacts(db, workers[declared.name]!.environmentClass)
    pools.set(declared.name, { declared, ranOutAt })
  }
  const all = [...pools.values()].map(({ declared }) => declared)
  return async (configurations) => {
    const ids = configurations.map(configurationId)
    const before = await placements(db, ids)
    const [placed, moved] = [new Map<Configuration, string>(), new Map<Digest, string>()]
    for (const [index, configuration] of configurations.entries()) {
      const ranOutIn = (_: Configuration, { name }: DeclaredPool) => pools.get(name)!.ranOutAt(configuration)
      const kept = pools.get(before.get(ids[index]!) ?? '')
      const chosen = choosePool(configuration, all, ranOutIn)
      const name = kept?.declared.memory === chosen.memory ? kept.declared.name : chosen.name
      placed.set(configuration, name)
      if (before.get(ids[index]!) !== name) moved.set(ids[index]!, name)
    }
    await placeConfigurations(db, moved)
    return placed
  }
}

import type { LedgerActivities } from '@gauntlet/contract'
import { placements } from '@gauntlet/ledger'
import { configurationId } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'

/** Configurations of a study by their places in its list. */
export function createListedConfigurations({ db, studies }: Dependencies): LedgerActivities['listedConfigurations'] {
  return async ({ file, places, placed }) => {
    const { configurations } = (await studies(file)).expansion
    const listed = places.map((index) => ({ index, configuration: configurations[index]! }))
    if (!placed) return listed
    const pools = await placements(
      db,
      listed.map(({ configuration }) => configurationId(configuration)),
    )
    return listed.map((each) => {
      const pool = pools.get(configurationId(each.configuration))
      return { ...each, ...(pool ? { pool } : {}) }
    })
  }
}

import type { LedgerActivities } from '@gauntlet/contract'
import type { Dependencies } from './dependencies.ts'

/** Configurations of a study by their places in its list. */
export function createListedConfigurations({ studies }: Dependencies): LedgerActivities['listedConfigurations'] {
  return async ({ file, places }) => {
    const { configurations } = (await studies(file)).expansion
    return places.map((index) => ({ index, configuration: configurations[index]! }))
  }
}

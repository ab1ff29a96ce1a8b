import { stageCodesOf, type LedgerActivities } from '@gauntlet/contract'
import type { Dependencies } from './dependencies.ts'

/** Some of a study's configurations. A workflow takes them page by page, which keeps each payload small. */
export function createConfigurationPage({ studies }: Dependencies): LedgerActivities['configurationPage'] {
  return async ({ file, offset, limit }) => {
    const { configurations, perturbations } = (await studies(file)).expansion
    return {
      configurations: configurations.slice(offset, offset + limit),
      perturbations,
      total: configurations.length,
      codes: stageCodesOf(configurations, perturbations),
    }
  }
}

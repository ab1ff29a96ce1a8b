import { stageCodesOf, type LedgerActivities } from '@gauntlet/contract'
import type { Dependencies } from './dependencies.ts'

/** A study before its configurations are looked at. */
export function createStudyOutline({ studies }: Dependencies): LedgerActivities['studyOutline'] {
  return async ({ file }) => {
    const { configurations, perturbations } = (await studies(file)).expansion
    return { total: configurations.length, perturbations, codes: stageCodesOf(configurations, perturbations) }
  }
}

import type { LedgerActivities } from '@gauntlet/contract'
import { recordStudy } from '@gauntlet/ledger'
import type { Json } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'

/** Records a study file and every cell of its grid. */
export function createRecordStudy({ db, studies }: Dependencies): LedgerActivities['recordStudy'] {
  return async ({ studyId, file }) => {
    const { study, text, expansion } = await studies(file)
    const { configurations, perturbations, exclusions } = expansion
    const { name, description, cells } = study
    const document = { name, description, cells, perturbations } as unknown as Json
    await recordStudy(db, {
      id: studyId,
      name,
      document,
      file: text,
      configurations,
      perturbations,
      exclusions: exclusions.map(({ cell, reason }) => ({ cell: { ...cell }, reason })),
    })
  }
}

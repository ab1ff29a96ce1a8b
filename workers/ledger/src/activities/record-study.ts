import type { LedgerActivities } from '@gauntlet/contract'
import { recordStudy } from '@gauntlet/ledger'
import type { Json } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'

/** Records a study file and every cell of its grid. */
export function createRecordStudy({ db, studies }: Dependencies): LedgerActivities['recordStudy'] {
  return async ({ studyId, file, extended }) => {
    const { study, text, expansion } = await studies(file)
    const { configurations, perturbations, exclusions } = expansion
    const { name, description, cells, annotations } = study
    const document = { name, description, cells, perturbations } as unknown as Json
    await recordStudy(db, {
      id: studyId,
      name,
      document,
      file: text,
      configurations,
      perturbations,
      annotations,
      ...(extended ? { extends: extended } : {}),
      exclusions,
    })
  }
}

import type { StudyModel } from '../model/study-model.ts'

/** What every view of a study gets. The model is renewed in place; `revision` says that it was. */
export interface ViewProps {
  readonly study: string
  readonly model: StudyModel
  readonly revision: number
}

import type { Grid, StudyTable } from '@gauntlet/api/wire'
import { signal } from '@preact/signals'
import { StudyModel } from '../model/study-model.ts'
import { onChange } from './changes.ts'
import { getJson, keepTo, studyPath } from './requests.ts'

/** The study that the page shows. */
interface ShownStudy {
  readonly named: string
  readonly model: StudyModel | null
  readonly error: string | null
  /** Grows with every change. The model is renewed in place, so this is what components depend on. */
  readonly revision: number
}

/** The study of the present address. One is held at a time, so memory does not grow with what was looked at. */
export const shownStudy = signal<ShownStudy | null>(null)

/** Shows a study by its name or id, and keeps it as the ledger has it. */
export function showStudy(named: string): void {
  if (shownStudy.value?.named === named) return
  keepTo(null)
  shownStudy.value = { named, model: null, error: null, revision: 0 }
  void refresh(named)
}

let isAsking = false
let isWanted = false

/** Takes in what changed. Changes that come while it asks are asked for once, after it. */
async function refresh(named: string): Promise<void> {
  if (isAsking) {
    isWanted = true
    return
  }
  isAsking = true
  try {
    await askForChanges(named)
  } finally {
    isAsking = false
  }
  const next = shownStudy.value?.named
  if ((isWanted || next !== named) && next !== undefined) {
    isWanted = false
    void refresh(next)
  }
}

async function askForChanges(named: string): Promise<void> {
  const before = shownStudy.value
  if (before?.named !== named) return
  const after = before.model ? `&after=${encodeURIComponent(before.model.version)}` : ''
  try {
    const table = await getJson<StudyTable>(studyPath(named, `table?partial=true${after}`))
    if (shownStudy.value?.named !== named) return
    const model = table.grid || !before.model ? new StudyModel(table as StudyTable & { grid: Grid }) : before.model
    keepTo({ named, id: model.grid.id })
    const changed = table.grid ? 1 : model.renew(table)
    if (changed > 0 || before.error !== null)
      shownStudy.value = { named, model, error: null, revision: before.revision + 1 }
    if (model.unread > 0) isWanted = true
  } catch (error) {
    if (shownStudy.value?.named === named) shownStudy.value = { ...shownStudy.value, error: (error as Error).message }
  }
}

onChange(({ studies, isOther }) => {
  const shown = shownStudy.value
  if (!shown) return
  const isConcerned = isOther || studies.includes('*') || shown.model === null || studies.includes(shown.model.grid.id)
  if (isConcerned) void refresh(shown.named)
})

/** Tries again where the study could not be read. */
export function tryAgain(): void {
  if (shownStudy.value) void refresh(shownStudy.value.named)
}

/** Marks the configurations that are in flight, for the signs of their cells. */
export function markRunning(positions: readonly number[]): void {
  const shown = shownStudy.value
  if (!shown?.model) return
  shown.model.setRunning(positions)
  shownStudy.value = { ...shown, revision: shown.revision + 1 }
}

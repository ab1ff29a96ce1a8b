import type { StudyList } from '@gauntlet/api/wire'
import type { StudyModel } from '../model/study-model.ts'
import { linkTo } from '../state/location.ts'
import { useAnswer } from '../state/use-answer.ts'

/** Leads to the last study of the name where that is not the one that is shown, such as one recorded meanwhile. */
export function NewerStudy({ model: { grid } }: { readonly model: StudyModel }) {
  const { answer: list } = useAnswer<StudyList>('/api/studies', { everyMilliseconds: 30_000 })
  const last = list?.studies.find(({ name }) => name === grid.name)
  if (!last || last.id === grid.id) return null
  return (
    <p class="muted" role="status">
      This is study {grid.id.slice(0, 12)}. A later one has its name:{' '}
      <a href={linkTo(last.id.slice(0, 12), 'matrix')}>{last.id.slice(0, 12)}</a>.
    </p>
  )
}

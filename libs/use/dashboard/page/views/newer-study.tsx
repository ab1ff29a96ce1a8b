import type { StudyList } from '@gauntlet/api/wire'
import { useEffect, useState } from 'preact/hooks'
import type { StudyModel } from '../model/study-model.ts'
import { onChange } from '../state/changes.ts'
import { linkTo } from '../state/location.ts'
import { useAnswer } from '../state/use-answer.ts'

/** Leads to the last study of the name where that is not the one that is shown, such as one recorded meanwhile. */
export function NewerStudy({ model: { grid } }: { readonly model: StudyModel }) {
  const [revision, setRevision] = useState(0)
  useEffect(
    () => onChange(({ studies }) => studies.some((id) => id !== grid.id) && setRevision((n) => n + 1)),
    [grid.id],
  )
  const path = `/api/studies?name=${encodeURIComponent(grid.name)}&limit=1`
  const last = useAnswer<StudyList>(path, { revision }).answer?.studies[0]
  if (!last || last.id === grid.id) return null
  return (
    <p class="muted" role="status">
      This is study {grid.id.slice(0, 12)}. A later one has its name:{' '}
      <a href={linkTo(last.id.slice(0, 12), 'matrix')}>{last.id.slice(0, 12)}</a>.
    </p>
  )
}

import type { StudyModel } from '../model/study-model.ts'
import { Empty } from '../parts/small-parts.tsx'
import { linkTo } from '../state/location.ts'

interface NoCellProps {
  readonly study: string
  readonly model: StudyModel
  /** What the address has in place of a cell. */
  readonly named: string | null
}

/** What a view of one cell shows where the address names none that the study has. */
export function NoCell({ study, model, named }: NoCellProps) {
  const last = (model.size * model.width).toLocaleString()
  return (
    <Empty>
      <p>
        {named ? `The study has no cell “${named}”; its cells are numbered from 1 to ${last}.` : 'No cell is chosen.'}
      </p>
      <p>
        Choose one in the <a href={linkTo(study, 'matrix')}>matrix</a>, whose panel leads here, or search for a digest.
      </p>
    </Empty>
  )
}

import type { Cell } from '@gauntlet/api/wire'
import { useEffect, useRef } from 'preact/hooks'
import { cellText, type StudyModel } from '../model/study-model.ts'
import { Commands } from '../parts/commands.tsx'
import { Failure, Waiting } from '../parts/small-parts.tsx'
import { linkTo } from '../state/location.ts'
import { studyPath } from '../state/requests.ts'
import { useAnswer } from '../state/use-answer.ts'

interface PanelProps {
  readonly study: string
  readonly model: StudyModel
  readonly revision: number
  readonly row: number
  readonly onClose: () => void
}

/** What is known of one cell, beside the matrix, with the ways to its lineage and its pictures. */
export function CellPanel({ study, model, revision, row, onClose }: PanelProps) {
  const { position, perturbation } = model.placeOf(row)
  const { answer: cell, error } = useAnswer<Cell>(studyPath(study, `cells/${row}`), { revision })
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [row])
  return (
    <aside class="panel" aria-label="The chosen cell">
      <button class="quiet close" onClick={onClose} aria-label="Close the panel">
        ✕
      </button>
      <h2 ref={heading} tabIndex={-1}>
        {model.label(position)}
      </h2>
      <p class="muted">{model.grid.perturbations[perturbation]!.label}</p>
      <p class="big">{cellText(model.cell(position, perturbation), perturbation)}</p>
      <p>{model.sentence(position, perturbation)}</p>
      <p>{model.sentence(position, 'score')}</p>
      {cell ? (
        <CellLinks study={study} cell={cell} />
      ) : error ? (
        <Failure sentence={error} />
      ) : (
        <Waiting what="the cell" />
      )}
    </aside>
  )
}

function CellLinks({ study, cell }: { readonly study: string; readonly cell: Cell }) {
  const { row, measurement, position, commands } = cell
  return (
    <>
      <ul class="links">
        {measurement && (
          <li>
            <a href={linkTo(study, 'number', { cell: row })}>Where this number comes from</a>
          </li>
        )}
        {measurement?.hasPictures && (
          <li>
            <a href={linkTo(study, 'pictures', { cell: row })}>Pictures that felled the model</a>
          </li>
        )}
        <li>
          <a href={linkTo(study, 'curves', { configurations: position })}>How the model was trained</a>
        </li>
      </ul>
      <Commands commands={commands} />
    </>
  )
}

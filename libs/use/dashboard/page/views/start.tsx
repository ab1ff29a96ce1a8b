import type { ListedStudy, StudyList } from '@gauntlet/api/wire'
import { useEffect, useState } from 'preact/hooks'
import { Empty, Failure, Time, Waiting } from '../parts/small-parts.tsx'
import { onChange } from '../state/changes.ts'
import { linkTo } from '../state/location.ts'
import { useAnswer } from '../state/use-answer.ts'

/** The studies of the ledger, or the latest of them where there are many. */
export function Start() {
  const [revision, setRevision] = useState(0)
  useEffect(() => onChange(() => setRevision((n) => n + 1)), [])
  const { answer: list, error } = useAnswer<StudyList>('/api/studies', { revision })
  if (error && !list) return <Failure sentence={error} onRetry={() => setRevision(revision + 1)} />
  if (!list) return <Waiting what="the studies" />
  const { studies, total } = list
  if (studies.length === 0)
    return (
      <Empty>
        <p>There is no study in this ledger yet.</p>
        <p>
          Run one, and it fills this page while it runs: <code>npx gauntlet run quickstart</code>
        </p>
      </Empty>
    )
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Studies">
      {studies.length < total && (
        <p class="muted">
          These are the latest {studies.length.toLocaleString()} of {total.toLocaleString()} studies; the search above
          finds the others.
        </p>
      )}
      <table class="wide">
        <thead>
          <tr>
            <th scope="col">Study</th>
            <th scope="col">What it asks</th>
            <th scope="col">Owner and labels</th>
            <th scope="col" class="number">
              Numbers
            </th>
            <th scope="col">Last number</th>
            <th scope="col">Recorded</th>
          </tr>
        </thead>
        <tbody>
          {studies.map((study) => (
            <StudyRow
              key={study.id}
              study={study}
              isLatest={studies.find(({ name }) => name === study.name) === study}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** An earlier study of the same name is linked to by its id. */
function StudyRow({ study, isLatest }: { readonly study: ListedStudy; readonly isLatest: boolean }) {
  const cells = study.configurations * study.perturbations
  return (
    <tr>
      <th scope="row">
        <a href={linkTo(isLatest ? study.name : study.id.slice(0, 12), 'matrix')}>{study.name}</a>
        {!isLatest && <span class="muted"> {study.id.slice(0, 8)}</span>}
      </th>
      <td>
        {study.description ?? ''}
        {study.notes && <p class="muted">{study.notes}</p>}
        {study.extends && <p class="muted">extends {study.extends.slice(0, 8)}</p>}
      </td>
      <td>{[study.owner, ...study.labels].map((word, i) => word && <div key={i}>{word}</div>)}</td>
      <td class="number">
        {study.numbers.toLocaleString()} of {cells.toLocaleString()}
        <progress max={cells} value={study.numbers} aria-label={`numbers of ${study.name}`} />
      </td>
      <td>{study.lastNumberAt ? <Time at={study.lastNumberAt} /> : <span class="muted">none</span>}</td>
      <td>
        <Time at={study.createdAt} />
      </td>
    </tr>
  )
}

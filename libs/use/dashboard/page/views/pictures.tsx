import type { Cell, ImageOutcome, Picture, Pictures as Listed } from '@gauntlet/api/wire'
import { useEffect, useRef } from 'preact/hooks'
import { Choice, Empty, Failure, Waiting } from '../parts/small-parts.tsx'
import { cellText, type StudyModel } from '../model/study-model.ts'
import { linkTo, query, setQuery } from '../state/location.ts'
import { studyPath } from '../state/requests.ts'
import { useAnswer } from '../state/use-answer.ts'
import { NoCell } from './no-cell.tsx'
import type { ViewProps } from './view-props.ts'

/** The images that felled a model: as they were, as the model saw them, and the difference. */
export function Pictures({ study, model, revision }: ViewProps) {
  const named = query.value.get('cell')
  const row = model.rowNamed(named)
  const { answer: cell, error } = useAnswer<Cell>(row === null ? null : studyPath(study, `cells/${row}`), { revision })
  const measurement = cell?.measurement?.id ?? null
  const path = measurement && studyPath(study, `measurements/${measurement}`)
  const { answer: listed, error: unlisted } = useAnswer<Listed>(path && `${path}/pictures`)
  if (row === null) return <NoCell study={study} model={model} named={named} />
  const failed = error ?? unlisted
  if (failed) return <Failure sentence={failed} />
  if (!cell) return <Waiting what="the cell" />
  return (
    <>
      <CellChoice study={study} model={model} row={row} />
      {!measurement ? (
        <Empty>
          <p>This cell has no number, so nothing was kept: {cell.reason}</p>
        </Empty>
      ) : !listed ? (
        <Waiting what="the pictures" />
      ) : listed.pictures.length === 0 ? (
        <Empty>
          <p>
            This evaluation keeps no pictures. Evaluations under an attack or corruption keep the first images that
            fell.
          </p>
          <p>
            Choose another perturbation above, or another cell in the <a href={linkTo(study, 'matrix')}>matrix</a>.
          </p>
        </Empty>
      ) : (
        <Gallery study={study} path={path!} listed={listed} />
      )}
    </>
  )
}

/** The same configuration under other perturbations, and other configurations under the same one. */
function CellChoice({
  study,
  model,
  row,
}: {
  readonly study: string
  readonly model: StudyModel
  readonly row: number
}) {
  const { position, perturbation } = model.placeOf(row)
  const near = Array.from({ length: Math.min(model.size, 400) }, (_, i) => {
    const from = Math.max(0, Math.min(position - 200, model.size - 400))
    return from + i
  })
  const options = near.map((at) => [String(at), model.label(at)] as const)
  return (
    <div class="controls">
      <Choice
        label="Model"
        value={String(position)}
        options={options}
        onChoose={(at) => setQuery({ cell: model.row(Number(at), perturbation), picture: null })}
      />
      <Choice
        label="Perturbation"
        value={String(perturbation)}
        options={model.grid.perturbations.map(({ heading }, p) => [
          String(p),
          `${heading}: ${cellText(model.cell(position, p), p)}`,
        ])}
        onChoose={(p) => setQuery({ cell: model.row(position, Number(p)), picture: null })}
      />
      <a href={linkTo(study, 'number', { cell: row })}>Where this number comes from</a>
    </div>
  )
}

const kinds = [
  ['clean', 'The image'],
  ['perturbed', 'What the model saw'],
  ['difference', 'The difference'],
] as const

function Gallery({ study, path, listed }: { readonly study: string; readonly path: string; readonly listed: Listed }) {
  const wanted = query.value.get('picture')
  const chosen = listed.pictures.find(({ index }) => String(index) === wanted)
  return (
    <>
      <ul class="gallery" aria-label="Images that felled the model">
        {listed.pictures.map((picture) => (
          <li key={picture.index}>
            <button aria-pressed={picture === chosen} onClick={() => setQuery({ picture: picture.index })}>
              {kinds.map(([kind, title]) => (
                <img
                  key={kind}
                  src={`${path}/pictures/${picture.index}/${kind}`}
                  width={96}
                  height={96}
                  alt={altOf(picture, title)}
                  loading="lazy"
                />
              ))}
              <span>
                {picture.label} seen as {picture.prediction}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {chosen && <OnePicture key={chosen.index} study={study} path={path} picture={chosen} />}
    </>
  )
}

function altOf({ index, label, prediction }: Picture, title: string): string {
  return `${title}: test image ${index} of class ${label}, seen as ${prediction}`
}

/** One image, large, with what felled the model, and what it did to the other models. */
function OnePicture({
  study,
  path,
  picture,
}: {
  readonly study: string
  readonly path: string
  readonly picture: Picture
}) {
  const { index, label, prediction, felledBy, run, margin, distance, differenceTimes } = picture
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.scrollIntoView({ block: 'nearest' }), [])
  const facts: readonly (readonly [string, string])[] = [
    ['label', String(label)],
    ['seen as', String(prediction)],
    ['felled by', `${felledBy?.replaceAll('_', ' ') ?? '–'}${run === null ? '' : `, run ${run + 1}`}`],
    ['margin', margin === null ? '–' : margin.toFixed(3)],
    ['distance', distance === null ? '–' : String(Number(distance.toPrecision(4)))],
  ]
  return (
    <section aria-labelledby="one-picture" class="one-picture">
      <h2 id="one-picture" ref={heading}>
        Test image {index}
      </h2>
      <div class="trio">
        {kinds.map(([kind, title]) => (
          <figure key={kind}>
            <img src={`${path}/pictures/${index}/${kind}`} width={224} height={224} alt={altOf(picture, title)} />
            <figcaption>
              {title}
              {kind === 'difference' && (differenceTimes === null ? ': none' : `, times ${differenceTimes}`)}
            </figcaption>
          </figure>
        ))}
      </div>
      <dl class="facts">
        {facts.map(([what, value]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <AcrossModels study={study} path={`${path}/images/${picture.image}`} />
    </section>
  )
}

function AcrossModels({ study, path }: { readonly study: string; readonly path: string }) {
  const { answer: outcomes, error } = useAnswer<ImageOutcome[]>(path)
  if (!outcomes) return error ? <Failure sentence={error} /> : <Waiting what="what the image did to other models" />
  return (
    <>
      <h3>The same image across models</h3>
      <div class="scroll" tabIndex={0} role="region" aria-label="The same image across models">
        <table>
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col">Picture</th>
              <th scope="col">Outcome</th>
              <th scope="col" class="number">
                Seen as
              </th>
              <th scope="col" class="number">
                Margin
              </th>
              <th scope="col">Felled by</th>
            </tr>
          </thead>
          <tbody>
            {outcomes.map((outcome) => (
              <tr key={outcome.row}>
                <th scope="row">
                  <a href={linkTo(study, 'pictures', { cell: outcome.row, picture: outcome.index })}>
                    {outcome.configuration}
                  </a>
                </th>
                <td>
                  {outcome.hasPicture && (
                    <img
                      src={studyPath(
                        study,
                        `measurements/${outcome.measurementId}/pictures/${outcome.index}/perturbed`,
                      )}
                      width={40}
                      height={40}
                      alt={`seen as ${outcome.prediction}`}
                      loading="lazy"
                    />
                  )}
                </td>
                <td>{outcome.held ? '✓ held' : '✕ fell'}</td>
                <td class="number">{outcome.prediction}</td>
                <td class="number">{outcome.margin === null ? '–' : outcome.margin.toFixed(3)}</td>
                <td>{outcome.felledBy?.replaceAll('_', ' ') ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

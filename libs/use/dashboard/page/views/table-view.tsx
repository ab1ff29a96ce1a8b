import { useMemo, useState } from 'preact/hooks'
import { positionsIn, type Pivot } from '../model/pivot.ts'
import type { Measure } from '../model/study-model.ts'
import { textTable, toCsv, toLatex, toMarkdown } from '../model/table-text.ts'
import { Copy } from '../parts/small-parts.tsx'
import { hiddenColumns } from '../state/kept-settings.ts'
import { linkTo, query, setQuery, toggled } from '../state/location.ts'
import type { ViewProps } from './view-props.ts'

const pageSize = 100

/** The same study as a plain table: for screen readers, for copying, and for whoever reads numbers in a row. */
export function TableView({ study, model, revision, pivot }: ViewProps & { readonly pivot: Pivot }) {
  const [withIntervals, setIntervals] = useState(false)
  const positions = useMemo(() => positionsIn(pivot), [pivot])
  const measures = useMemo<readonly Measure[]>(() => [...model.grid.perturbations.keys(), 'score'], [model])
  const pages = Math.max(1, Math.ceil(positions.length / pageSize))
  const page = Math.min(Math.max(1, Number(query.value.get('page')) || 1), pages)
  const onPage = positions.slice((page - 1) * pageSize, page * pageSize)
  const shown = useMemo(
    () => textTable(model, onPage, measures, withIntervals),
    [model, revision, page, positions, withIntervals],
  )
  const isHidden = (heading: string) => hiddenColumns.value.includes(heading)
  const places = shown.headings.flatMap((heading, i) => (isHidden(heading) ? [] : [i]))
  const whole = () => {
    const all = textTable(model, positions, measures, withIntervals)
    const only = (row: readonly string[]) => places.map((i) => row[i]!)
    return { headings: only(all.headings), rows: all.rows.map(only) }
  }
  const factors = shown.headings.length - measures.length - 1
  return (
    <>
      <div class="controls">
        <fieldset>
          <legend>Columns</legend>
          {shown.headings.map((heading) => (
            <label key={heading}>
              <input
                type="checkbox"
                checked={!isHidden(heading)}
                onChange={() => (hiddenColumns.value = toggled(hiddenColumns.value, heading))}
              />{' '}
              {heading}
            </label>
          ))}
          <label>
            <input type="checkbox" checked={withIntervals} onChange={() => setIntervals(!withIntervals)} /> 95 %
            intervals
          </label>
        </fieldset>
        <span>
          Copy all {positions.length.toLocaleString()} rows as <Copy text={() => toCsv(whole())}>CSV</Copy>{' '}
          <Copy text={() => toLatex(whole())}>LaTeX</Copy> <Copy text={() => toMarkdown(whole())}>Markdown</Copy>
        </span>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of the study">
        <table>
          <thead>
            <tr>
              {places.map((i) => (
                <th key={i} scope="col" class={i >= factors ? 'number' : ''}>
                  {shown.headings[i]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.rows.map((row, r) => (
              <tr key={onPage[r]}>
                {places.map((i) => {
                  const measure = measures[i - factors]
                  const sentence = measure === undefined ? '' : model.sentence(onPage[r]!, measure)
                  const link =
                    typeof measure === 'number' && linkTo(study, 'number', { cell: model.row(onPage[r]!, measure) })
                  return i === places[0] && i < factors ? (
                    <th key={i} scope="row">
                      {row[i]}
                    </th>
                  ) : (
                    <td key={i} class={i >= factors ? 'number' : ''} title={link ? '' : sentence}>
                      {link ? (
                        <a href={link} title={sentence}>
                          {row[i]}
                        </a>
                      ) : (
                        row[i]
                      )}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <nav class="pages" aria-label="Pages of the table">
          <button disabled={page === 1} onClick={() => setQuery({ page: page - 1 })}>
            Previous
          </button>
          Page {page} of {pages}
          <button disabled={page === pages} onClick={() => setQuery({ page: page + 1 })}>
            Next
          </button>
        </nav>
      )}
    </>
  )
}

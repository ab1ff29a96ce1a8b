import { useMemo } from 'preact/hooks'
import { kindMeanings, type CellKind, type Measure, type StudyModel } from '../model/study-model.ts'
import { counted, textTable, toCsv, toLatex, toMarkdown, type TextTable } from '../model/table-text.ts'
import { Copy, Time } from '../parts/small-parts.tsx'
import { linkTo } from '../state/location.ts'
import type { ViewProps } from './view-props.ts'

/** Configurations that the report ranks in full; the table view has all. */
const most = 200

/** The study on one page to print or to cite: what was asked, the ranking, what is not ranked, what is missing. */
export function Report({ study, model, revision }: ViewProps) {
  const measures = useMemo<readonly Measure[]>(() => [...model.grid.perturbations.keys(), 'score'], [model])
  const ranked = useMemo(() => rankedPositions(model), [model, revision])
  const table = () => textTable(model, ranked, measures, true)
  const shown = useMemo(() => textTable(model, ranked.slice(0, most), measures, true), [model, revision])
  const refused = useMemo(
    () => model.standings.flatMap(({ refusals }, position) => (refusals.length > 0 ? [position] : [])),
    [model, revision],
  )
  return (
    <article class="report">
      <p>
        {model.grid.description} Recorded <Time at={model.grid.createdAt} />; {counted(model.size, 'configuration')}{' '}
        under {counted(model.width, 'perturbation')}:
      </p>
      <ul>
        {model.grid.perturbations.map(({ label }) => (
          <li key={label}>{label}</li>
        ))}
      </ul>
      <p>
        With figures, statistics and LaTeX: <code>npx gauntlet report {model.grid.id.slice(0, 12)}</code>
      </p>
      <h2>Ranking</h2>
      <p>
        {counted(ranked.length, 'configuration')} with every number, ranked by the sum of the accuracies. Brackets are
        95 % intervals (Wilson) over the test images; they say nothing of other seeds.{' '}
        {ranked.length > most && (
          <>
            The first {most} are shown; the <a href={linkTo(study, 'matrix', { as: 'table' })}>table</a> has all.
          </>
        )}
      </p>
      <p class="no-print">
        Copy as <Copy text={() => toCsv(table())}>CSV</Copy> <Copy text={() => toLatex(table())}>LaTeX</Copy>{' '}
        <Copy text={() => toMarkdown(table())}>Markdown</Copy> <button onClick={() => window.print()}>Print</button>
      </p>
      {ranked.length === 0 ? (
        <p>No configuration is ranked yet.</p>
      ) : (
        <Ranking table={shown} factors={shown.headings.length - measures.length - 1} />
      )}
      <h2>Not ranked</h2>
      {refused.length === 0 && <p>No number is refused.</p>}
      <ul>
        {refused.slice(0, 100).map((position) => (
          <li key={position}>
            {model.label(position)}: {model.sentence(position, 'score')}
          </li>
        ))}
        {refused.length > 100 && <li>and {refused.length - 100} others</li>}
      </ul>
      <Missing model={model} revision={revision} />
      {model.grid.exclusions.length > 0 && (
        <>
          <h2>Left out by the study</h2>
          <ul>
            {[...new Set(model.grid.exclusions)].map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </>
      )}
    </article>
  )
}

function rankedPositions(model: StudyModel): number[] {
  const ranks = model.standings.map(({ rank }, position) => ({ rank, position }))
  const ranked = ranks.filter(({ rank }) => rank !== null)
  return ranked.sort((a, b) => a.rank! - b.rank! || a.position - b.position).map(({ position }) => position)
}

function Ranking({ table, factors }: { readonly table: TextTable; readonly factors: number }) {
  const isNumber = (i: number) => i >= factors
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Ranking">
      <table>
        <thead>
          <tr>
            {table.headings.map((heading, i) => (
              <th key={heading} scope="col" class={isNumber(i) ? 'number' : ''}>
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr key={row.join()}>
              {row.map((text, i) =>
                i === 0 ? (
                  <th key={i} scope="row">
                    {text}
                  </th>
                ) : (
                  <td key={i} class={isNumber(i) ? 'number' : ''}>
                    {text}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** How many cells have no number, and why. */
function Missing({ model, revision }: { readonly model: StudyModel; readonly revision: number }) {
  const counts = useMemo(() => {
    const found = new Map<CellKind, number>()
    for (let position = 0; position < model.size; position++)
      for (let p = 0; p < model.width; p++) {
        const { kind, value } = model.cell(position, p)
        if (value === null) found.set(kind, (found.get(kind) ?? 0) + 1)
      }
    return found
  }, [model, revision])
  return (
    <>
      <h2>Missing</h2>
      {counts.size === 0 && <p>Every cell has its number.</p>}
      <ul>
        {[...counts].map(([kind, count]) => (
          <li key={kind}>
            {counted(count, 'cell')}: {kindMeanings[kind][1]}
          </li>
        ))}
      </ul>
    </>
  )
}

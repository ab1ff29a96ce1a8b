import type { FactorName, StudyNow } from '@gauntlet/api/wire'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { orderOptions, orderSentence, pivot as pivotOf, type Pivot, type RowOrder } from '../model/pivot.ts'
import { kindMeanings, type CellKind, type Measure, type StudyModel } from '../model/study-model.ts'
import { counted } from '../model/table-text.ts'
import { Choice, Empty } from '../parts/small-parts.tsx'
import { query, setQuery } from '../state/location.ts'
import { getJson, studyPath } from '../state/requests.ts'
import { markRunning } from '../state/study-store.ts'
import { CellPanel } from './cell-panel.tsx'
import { MatrixGrid } from './matrix-grid.tsx'
import { TableView } from './table-view.tsx'
import type { ViewProps } from './view-props.ts'

/** The measure in the address: a place among the perturbations, or the score. */
export function measureOf(model: StudyModel, text: string | null, otherwise: Measure): Measure {
  if (text === 'score') return 'score'
  const place = model.grid.perturbations.findIndex(({ heading }) => heading === text)
  return place < 0 ? otherwise : place
}

/** The name of a measure in addresses and menus. */
export function measureName(model: StudyModel, measure: Measure): string {
  return measure === 'score' ? 'score' : model.grid.perturbations[measure]!.heading
}

/** Columns up to which all perturbations stand side by side, unless the address says otherwise. */
const fewColumns = 40

/** What the matrix shows: one measure, or all of them side by side. */
function shownMeasures(model: StudyModel, text: string | null): readonly Measure[] {
  const rows = model.grid.factors[defaultRows(model) as FactorName]!.length
  const isSmall = (model.size / rows) * (model.width + 1) <= fewColumns
  if (text === 'all' || (text === null && isSmall)) return [...model.grid.perturbations.keys(), 'score']
  return [measureOf(model, text, Math.min(1, model.width - 1))]
}

/** The measures of a study, for a menu. */
export function measureOptions(model: StudyModel): (readonly [string, string])[] {
  const perturbations = model.grid.perturbations.map(({ heading, label }) => [heading, label] as const)
  return [...perturbations, ['score', 'score: sum of accuracies'] as const]
}

/** By which factors the rows may be grouped: each alone, and the backbone with each other one. */
function rowOptions(model: StudyModel): (readonly [string, string])[] {
  const factors = model.factors.length > 0 ? model.factors : (['backbone'] as const)
  const pairs = factors.filter((factor) => factor !== 'backbone').map((factor) => ['backbone', factor])
  const all = [...factors.map((factor) => [factor]), ...(factors.includes('backbone') ? pairs : []), [...factors]]
  const distinct = new Map(all.map((names) => [names.join(','), names.join(' and ')]))
  return [...distinct]
}

function defaultRows(model: StudyModel): string {
  if (model.factors.includes('backbone')) return 'backbone'
  return model.factors.find((factor) => factor === 'protocol') ?? model.factors[0] ?? 'backbone'
}

/** Every configuration of a study under one perturbation, or its score. */
export function Matrix({ study, model, revision }: ViewProps) {
  const parameters = query.value
  const measures = shownMeasures(model, parameters.get('perturbation'))
  const rows = parameters.get('rows') ?? defaultRows(model)
  const order = (parameters.get('order') ?? 'table') as RowOrder
  const filter = parameters.get('filter') ?? ''
  const isTable = parameters.get('as') === 'table'
  const chosen = model.rowNamed(parameters.get('cell'))
  const options = rowOptions(model)
  const rowFactors = (options.some(([value]) => value === rows) ? rows : defaultRows(model)).split(',') as FactorName[]
  const pivot = useMemo(
    () => pivotOf(model, { rowFactors, order, measures, filter }),
    // The order by numbers changes with them; any other order does not.
    [model, rowFactors.join(), order, measures.join(), filter, order === 'table' || order === 'name' ? 0 : revision],
  )
  useRunning(study)
  return (
    <div
      class={chosen && !isTable ? 'with-panel' : ''}
      onKeyDown={({ key, target }) => {
        if (key === 'Escape' && chosen && !(target instanceof HTMLInputElement)) closePanel()
      }}
    >
      <div class="view">
        <div class="controls">
          <Choice
            label="Show"
            value={measures.length > 1 ? 'all' : measureName(model, measures[0]!)}
            options={[['all', 'everything side by side'], ...measureOptions(model)]}
            onChoose={(value) => setQuery({ perturbation: value, order: null })}
          />
          {!isTable && (
            <Choice
              label="Rows"
              value={rowFactors.join(',')}
              options={options}
              onChoose={(value) => setQuery({ rows: value })}
            />
          )}
          <Choice
            label="Order"
            value={pivot.order}
            options={orderOptions(pivot)}
            onChoose={(value) => setQuery({ order: value })}
          />
          <label class="choice">
            Filter
            <input type="search" value={filter} onInput={(event) => setQuery({ filter: event.currentTarget.value })} />
          </label>
          <Choice
            label="As"
            value={isTable ? 'table' : 'matrix'}
            options={[
              ['matrix', 'matrix'],
              ['table', 'table'],
            ]}
            onChoose={(value) => setQuery({ as: value === 'table' ? 'table' : null })}
          />
        </div>
        {pivot.rows.length === 0 ? (
          <Empty>
            <p>No row contains “{filter}”.</p>
            <button onClick={() => setQuery({ filter: null })}>Show all rows</button>
          </Empty>
        ) : isTable ? (
          <TableView study={study} model={model} revision={revision} pivot={pivot} />
        ) : (
          <ShownMatrix key={measures.join()} model={model} revision={revision} pivot={pivot} chosen={chosen} />
        )}
        <p class="muted">
          {counted(pivot.rows.length, 'row')} by {pivot.rowFactors.join(' and ')}, {orderSentence(pivot)};{' '}
          {counted(pivot.columns.length, 'column')}
          {pivot.columnFactors.length > 0 && ` by ${pivot.columnFactors.join(', ')}`}.
        </p>
        <Legend />
      </div>
      {chosen && !isTable && (
        <CellPanel study={study} model={model} revision={revision} row={chosen} onClose={closePanel} />
      )}
    </div>
  )
}

/** Whoever closes the panel by the keyboard goes on where it was opened. */
function closePanel(): void {
  setQuery({ cell: null })
  document.querySelector<HTMLElement>('.matrix')?.focus()
}

interface ShownProps {
  readonly model: StudyModel
  readonly revision: number
  readonly pivot: Pivot
  readonly chosen: number | null
}

function ShownMatrix({ model, revision, pivot, chosen }: ShownProps) {
  const [active, setActive] = useState(() => (chosen === null ? { row: 0, column: 0 } : whereIs(model, pivot, chosen)))
  const shown = {
    row: Math.min(active.row, pivot.rows.length - 1),
    column: Math.min(active.column, pivot.columns.length - 1),
  }
  const choose = (row: number, column: number) => {
    setActive({ row, column })
    const position = pivot.at(row, column)
    const { measure } = pivot.columns[column]!
    if (position >= 0) setQuery({ cell: model.row(position, measure === 'score' ? 0 : measure) })
  }
  const sortBy = (column: number) => setQuery({ order: `column ${pivot.columns[column]!.key}` })
  const move = (row: number, column: number) => setActive({ row, column })
  return <MatrixGrid {...{ model, revision, pivot }} active={shown} onMove={move} onChoose={choose} onSortBy={sortBy} />
}

function whereIs(model: StudyModel, { rows, columns, at }: Pivot, chosen: number) {
  const { position, perturbation } = model.placeOf(chosen)
  for (let row = 0; row < rows.length; row++)
    for (let column = 0; column < columns.length; column++)
      if (at(row, column) === position && [perturbation, 'score'].includes(columns[column]!.measure))
        return { row, column }
  return { row: 0, column: 0 }
}

/** Looks which configurations are in flight while the matrix is seen. */
function useRunning(study: string): void {
  useEffect(() => {
    const ask = () => {
      if (document.hidden) return
      void getJson<StudyNow>(studyPath(study, 'now')).then(
        ({ running }) => markRunning(running),
        () => undefined, // The stream of changes says already that nothing answers.
      )
    }
    ask()
    const timer = window.setInterval(ask, 5_000)
    return () => window.clearInterval(timer)
  }, [study])
}

function Legend() {
  return (
    <ul class="legend" aria-label="What the signs mean">
      {(Object.keys(kindMeanings) as CellKind[]).map((kind) => (
        <li key={kind}>
          <span class="sign">{kindMeanings[kind][0]}</span> {kindMeanings[kind][1]}
        </li>
      ))}
    </ul>
  )
}

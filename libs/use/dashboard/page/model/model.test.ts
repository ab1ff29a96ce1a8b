import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineageOf } from './lineage.ts'
import { orderOptions, orderSentence, pivot, positionsIn, type PivotOptions, type RowOrder } from './pivot.ts'
import { nearestPoint, pointsOf, seedGroups } from './scatter.ts'
import { images, inventedModel, inventedTable, type InventedCell } from './simulated-model.fixture.ts'
import { cellText, kindMeanings, StudyModel, type CellKind } from './study-model.ts'
import { textTable, toCsv, toLatex, toMarkdown } from './table-text.ts'
import { ticksOf } from './ticks.ts'

const failure = { stage: 'fine-tune', failureClass: 'Bug', message: 'broken', recordedAt: null }
const factors = { backbone: ['b', 'a', 'c'], loss: ['TRADES', 'Classic AT'], seed: ['1', '2'] }
const numbered = () => inventedModel(factors, (position, p) => ({ correct: 5 * position + p }))

describe('the model of a study', () => {
  it('has a sign of its own and a sentence for everything that a cell can have', () => {
    const cells: Readonly<Record<CellKind, InventedCell>> = {
      measured: { correct: 40 },
      bridged: { correct: 40, bridged: true },
      doubted: { correct: 40, doubted: true },
      refused: { correct: 40, refused: true },
      pending: 'pending',
      running: 'pending',
      older: 'older',
      unread: 'unread',
      failed: failure,
      diverged: { ...failure, failureClass: 'Diverged' },
    }
    const kinds = Object.keys(cells) as CellKind[]
    const model = inventedModel({ seed: kinds }, (position) => cells[kinds[position]!])
    model.setRunning([kinds.indexOf('running')])
    expect(kinds.map((_, position) => model.cell(position, 0).kind)).toEqual(kinds)
    const texts = kinds.map((_, position) => cellText(model.cell(position, 0), 0))
    expect(new Set(texts).size).toBe(kinds.length)
    expect(Object.keys(kindMeanings).sort()).toEqual([...kinds].sort())
    for (const [position] of kinds.entries()) expect(model.sentence(position, 0)).toMatch(/^[\dA-Z].{10,}[.]$/)
    expect(model.sentence(0, 0)).toContain('40 of 100 images, 95 % interval 30.9 to 49.8 %')
  })

  it('is after any changes what it would be if it were read as a whole', () => {
    const cell = fc.oneof(
      fc.record({ correct: fc.nat(images), refused: fc.boolean() }),
      fc.constantFrom<InventedCell>('pending', 'older', failure),
    )
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 24, maxLength: 24 }),
        fc.array(cell, { minLength: 24, maxLength: 24 }),
        fc.array(fc.nat(11)),
        (before, after, changed) => {
          const model = inventedModel(factors, (position, p) => before[position * 2 + p]!)
          const whole = inventedTable(
            factors,
            (position, p) => (changed.includes(position) ? after : before)[position * 2 + p]!,
          )
          const positions = [...new Set(changed)].sort((a, b) => a - b)
          const part = <T>(column: readonly T[]) =>
            positions.flatMap((position) => column.slice(2 * position, 2 * position + 2))
          const isPart = ([row]: [string, unknown]) => positions.includes(Math.floor((Number(row) - 1) / 2))
          const { cells } = whole
          model.renew({
            ...whole,
            grid: null,
            cells: {
              positions,
              state: part(cells.state),
              correct: part(cells.correct),
              total: part(cells.total),
              flags: Object.fromEntries(Object.entries(cells.flags).filter(isPart)),
              failures: Object.fromEntries(Object.entries(cells.failures).filter(isPart)),
            },
          })
          const expected = new StudyModel(whole)
          for (let position = 0; position < model.size; position++)
            for (const measure of [0, 1, 'score'] as const)
              expect(model.sentence(position, measure)).toBe(expected.sentence(position, measure))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('knows the rows that it has from anything else that an address may name', () => {
    const model = numbered()
    const named = ['1', '24', null, '', '0', '25', '-5', '1.5', '1e400', 'two', '%00'].map((text) =>
      model.rowNamed(text),
    )
    expect(named).toEqual([1, 24, ...Array(9).fill(null)])
  })

  it('gives no score to a configuration with a missing or a refused number', () => {
    const cells: InventedCell[] = [{ correct: 50 }, { correct: 50, refused: true }, 'pending', failure]
    const model = inventedModel({ seed: ['1', '2', '3', '4'] }, (position, p) =>
      p === 0 ? { correct: 90 } : cells[position]!,
    )
    expect(cells.map((_, position) => model.cell(position, 'score'))).toEqual([
      { kind: 'measured', value: 1.4, row: null },
      { kind: 'refused', value: null, row: null },
      { kind: 'pending', value: null, row: null },
      { kind: 'failed', value: null, row: null },
    ])
    expect(model.standings.map(({ rank }) => rank)).toEqual([1, null, null, null])
  })
})

describe('the pivot', () => {
  const options: PivotOptions = { rowFactors: ['backbone'], order: 'table', measures: [1], filter: '' }

  it('has every configuration once for each measure, whatever rows are chosen', () => {
    const model = numbered()
    const rows = fc.subarray(['backbone', 'loss', 'seed', 'dataset'] as const, { minLength: 1 })
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom<RowOrder>('table', 'name', 'best', 'worst'),
        fc.boolean(),
        (rowFactors, order, isAll) => {
          const shown = pivot(model, { ...options, rowFactors, order, measures: isAll ? [0, 1, 'score'] : [1] })
          const found = shown.rows.flatMap((_, row) => shown.columns.map((__, column) => shown.at(row, column)))
          const expected = Array.from({ length: model.size }, (_, position) =>
            Array(isAll ? 3 : 1).fill(position),
          ).flat()
          expect(found.filter((position) => position >= 0).sort((a, b) => a - b)).toEqual(expected)
        },
      ),
    )
  })

  it('lists every configuration once, however many measures stand side by side', () => {
    const shown = pivot(numbered(), { ...options, order: 'name', measures: [0, 1, 'score'] })
    expect(positionsIn(shown)).toEqual([4, 5, 6, 7, 0, 1, 2, 3, 8, 9, 10, 11])
  })

  it('sorts rows as asked, and says by what', () => {
    const model = numbered()
    const rowsBy = (order: RowOrder) => pivot(model, { ...options, order }).rows.map(({ levels }) => levels[0])
    expect(rowsBy('table')).toEqual(['b', 'a', 'c'])
    expect(rowsBy('name')).toEqual(['a', 'b', 'c'])
    expect(rowsBy('best')).toEqual(['c', 'a', 'b'])
    const shown = pivot(model, options)
    const column = `column ${shown.columns[1]!.key}` as const
    expect(rowsBy(column)).toEqual(['c', 'a', 'b'])
    expect(orderSentence(pivot(model, { ...options, order: column }))).toBe('by TRADES · 2, the highest first')
  })

  it('offers the order that it has, also by a column far to the right', () => {
    const seeds = Array.from({ length: 300 }, (_, i) => String(i))
    const model = inventedModel({ backbone: ['a', 'b'], seed: seeds }, (position) => ({ correct: position % 7 }))
    const order = `column ${pivot(model, options).columns[250]!.key}` as const
    expect(orderOptions(pivot(model, { ...options, order }))).toContainEqual([order, 'by 250'])
  })

  it('is in the order of the study where an address asks for one that it does not have', () => {
    for (const order of ['column 9 9.9', 'nonsense' as 'name'] as const) {
      const shown = pivot(numbered(), { ...options, order })
      expect(shown.rows.map(({ levels }) => levels[0])).toEqual(['b', 'a', 'c'])
      expect([shown.order, orderSentence(shown)]).toEqual(['table', 'in the order of the study file'])
    }
  })

  it('repeats a row rather than hide one of two configurations that no factor tells apart', () => {
    const table = inventedTable({ backbone: ['a'], seed: ['1', '2'] }, (position) => ({ correct: position }))
    table.grid.configurations.splice(0, 12, ...Array<number>(12).fill(0))
    const shown = pivot(new StudyModel(table), options)
    expect(shown.rows.map(({ levels }) => levels)).toEqual([['a'], ['a (2)']])
  })

  it('shows the rows that contain a text', () => {
    expect(pivot(numbered(), { ...options, filter: ' B' }).rows.map(({ levels }) => levels[0])).toEqual(['b'])
  })
})

describe('a table as text', () => {
  const hostile = () =>
    inventedModel({ backbone: ['=1+1', 'a,"b"', 'x|y_&%$#{}~^\\', '-2'] }, () => ({ correct: 10, doubted: true }))

  it('keeps what is in a cell, in CSV that no spreadsheet runs', () => {
    const csv = toCsv(textTable(hostile(), [0, 1, 2, 3], [0], true))
    expect(csv.split('\r\n')).toEqual([
      'backbone,clean,rank',
      `'=1+1,"10.0 ! [5.5, 17.4]",1`,
      `"a,""b""","10.0 ! [5.5, 17.4]",1`,
      `x|y_&%$#{}~^\\,"10.0 ! [5.5, 17.4]",1`,
      `-2,"10.0 ! [5.5, 17.4]",1`,
    ])
  })

  it('escapes what LaTeX and Markdown would take for their own', () => {
    const table = textTable(hostile(), [2], [0], false)
    expect(toLatex(table)).toContain(
      'x|y\\_\\&\\%\\$\\#\\{\\}\\textasciitilde{}\\textasciicircum{}\\textbackslash{} & 10.0 ! & 1 \\\\',
    )
    expect(toLatex(table)).toContain('\\begin{tabular}{lrr}')
    expect(toMarkdown(table).split('\n')[2]).toBe('| x\\|y_&%$#{}~^\\ | 10.0 ! | 1 |')
  })
})

describe('points of two measures', () => {
  it('leave out and count what has no number or must not be ranked', () => {
    const cells: InventedCell[] = [{ correct: 1 }, { correct: 2, refused: true }, 'pending', { correct: 4 }]
    const model = inventedModel({ seed: ['1', '2', '3', '4'] }, (position) => cells[position]!)
    const { points, refused, missing } = pointsOf(model, 0, 1, 'seed')
    expect([points.map(({ position }) => position), refused, missing]).toEqual([[0, 3], 1, 1])
    expect(nearestPoint(points, { x: 4, y: 5 }, ({ x, y }) => ({ x: 100 * x, y: 100 * y }))?.position).toBe(3)
    expect(nearestPoint(points, { x: 99, y: 99 }, ({ x, y }) => ({ x: 100 * x, y: 100 * y }))).toBeNull()
  })

  it('are joined where they differ in the seed alone', () => {
    const model = numbered()
    const groups = seedGroups(model, pointsOf(model, 0, 1, 'loss').points)
    expect(groups.map((group) => group.map(({ position }) => position))).toEqual(
      Array.from({ length: 6 }, (_, i) => [2 * i, 2 * i + 1]),
    )
  })
})

it('lays a lineage out from what came from outside to the number, with an edge for what each stage used', () => {
  const artifact = (digest: string) => ({ digest, size: 1, mediaType: 'x' })
  const execution = (stage: string, used: string[], generated: string[]) => ({
    stageKey: stage,
    stage,
    parameters: null,
    seed: 1,
    codeDigest: 'code',
    environmentClass: 'e',
    environment: null,
    used: Object.fromEntries(used.map((digest) => [digest, artifact(digest)])),
    generated: Object.fromEntries(generated.map((digest) => [digest, artifact(digest)])),
    attempts: [],
  })
  const { nodes, edges } = lineageOf({
    measurement: {
      id: 'number',
      configuration: null,
      perturbation: null,
      evaluator: 'argmax',
      correct: 1,
      total: 2,
      stageKey: 'perturb-and-evaluate',
      outcomesDigest: 'outcomes',
      recordedAt: '',
    },
    executions: [
      execution('perturb-and-evaluate', ['checkpoint', 'images', 'code'], ['outcomes']),
      execution('checkpoint', ['trained', 'images'], ['checkpoint']),
      execution('fine-tune', ['parameters', 'images'], ['trained']),
      execution('pretrain-load', ['weights'], ['parameters']),
      execution('prepare-dataset', ['archive'], ['images']),
    ],
    sources: [
      { stage: 'pretrain-load', role: 'weights', artifact: artifact('weights') },
      { stage: 'prepare-dataset', role: 'source', artifact: artifact('archive') },
    ],
  })
  const column = new Map(nodes.map((node) => [node.id, node.column]))
  for (const { from, to } of edges) expect(column.get(from)!).toBeLessThan(column.get(to)!)
  expect(edges.map(({ from, to }) => `${from} → ${to}`).sort()).toEqual([
    'archive → prepare-dataset',
    'checkpoint → perturb-and-evaluate',
    'fine-tune → checkpoint',
    'perturb-and-evaluate → number',
    'prepare-dataset → checkpoint',
    'prepare-dataset → fine-tune',
    'prepare-dataset → perturb-and-evaluate',
    'pretrain-load → fine-tune',
    'weights → pretrain-load',
  ])
  expect(new Set(nodes.map(({ column: x, place }) => `${x} ${place}`)).size).toBe(nodes.length)
  // An edge passes the columns between its ends in the row of its beginning, where no box hides it.
  const rowOf = new Map(nodes.map((node) => [node.id, node.place]))
  const hiding = edges.flatMap(({ from, to }) =>
    nodes.filter(
      (node) => node.column > column.get(from)! && node.column < column.get(to)! && node.place === rowOf.get(from),
    ),
  )
  expect(hiding).toEqual([])
})

it('has round ticks within any bounds, in their order and evenly apart', () => {
  const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(
      bound,
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      fc.integer({ min: 2, max: 10 }),
      (low, width, count) => {
        const ticks = ticksOf(low, low + width, count)
        expect(ticks.length).toBeLessThanOrEqual(count + 1)
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(low - width * 1e-6)
          expect(tick).toBeLessThanOrEqual(low + width * (1 + 1e-6))
        }
      },
    ),
  )
  expect(ticksOf(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
  expect(ticksOf(3, 3, 5)).toEqual([3])
})

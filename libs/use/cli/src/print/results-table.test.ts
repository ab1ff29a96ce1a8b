import type { MeasuredCell, OlderNumber, StudyResults } from '@gauntlet/client'
import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { renderResults } from './results-table.ts'

const cell = (row: number, correct: number, changes: Partial<MeasuredCell> = {}): MeasuredCell => ({
  row,
  configurationId: `configuration ${row}`,
  dataset: 'digits',
  backbone: `backbone ${row}`,
  loss: 'Classic AT',
  protocol: 'FFT-5',
  seed: 1,
  inputContract: 'paper',
  perturbation: 'Linf',
  epsilon: 0.1,
  evaluator: 'autoattack-standard',
  measurementId: 'm',
  flags: [],
  correct,
  total: 10,
  accuracy: correct / 10,
  stageKey: 's',
  outcomesDigest: 'o',
  codeDigest: 'c',
  environmentClass: digestOf('cpu X'),
  importSeal: null,
  ...changes,
})

const nothing = { size: 4, missing: [], older: [], failedSince: [], exclusions: [] }
const study = { ...nothing, study: { name: 'tiny' } as StudyResults['study'] }
const description = {
  environment: { device: 'cpu X', libtensorflow: '2.21.0', precision: 'float32', threads: 1 },
  environmentClass: digestOf('cpu X'),
  host: { environment: null, environmentClass: digestOf('host') },
  codeDigests: {},
}
const asked = { pool: { description, describedAt: null } }

it('names environment, code and input contract above the table', () => {
  expect(
    renderResults({ ...study, rows: [cell(1, 3)] }, asked)
      .split('\n')
      .slice(0, 2),
  ).toEqual([
    `environment ${digestOf('cpu X').slice(0, 12)}: cpu X, libtensorflow 2.21.0, float32, 1 thread`,
    'code of the evaluations c · input contract paper',
  ])
})

it('says which number came from which class of machines, where there are several, and that ranks compare them', () => {
  const rows = [cell(1, 3, { environmentClass: 'one' }), cell(2, 4, { environmentClass: 'two' })]
  const lines = renderResults({ ...study, rows }, asked).split('\n')
  expect(lines[0]).toMatch(/^environments one, two: ranks compare numbers of 2 classes of machines/)
  expect(lines.filter((line) => /^ +\d .* (one|two)$/.test(line))).toHaveLength(2)
})

it('says so where no worker could be asked', () => {
  const pool = { description, describedAt: new Date(0) }
  expect(renderResults({ ...study, rows: [cell(1, 3)] }, { pool })).toMatch(
    /No worker could be asked; .* at 1970-01-01T00:00:00.000Z/,
  )
})

it('lists configurations in rank order, and those that a flag keeps out of the ranking with its reason', () => {
  const flags = [{ name: 'saturated', value: 0.5, limit: 0.1, policy: 'refuse' }] as const
  const table = renderResults({ ...study, rows: [cell(1, 3), cell(2, 9, { flags }), cell(3, 5)] }, asked)
  const ranked = table.slice(table.indexOf('rank')).split('\n').slice(2, 5)
  expect(ranked.map((line) => /^ *(\S+) .*(backbone \d)/.exec(line)!.slice(1, 3))).toEqual([
    ['1', 'backbone 3'],
    ['2', 'backbone 1'],
    ['–', 'backbone 2'],
  ])
  expect(table).toMatch(/Not ranked:\n {2}row 2: a share of 0.5 .*logits so far apart/)
})

it('says over what its ranks go, where a table has several datasets, protocols or seeds', () => {
  const one = renderResults({ ...study, rows: [cell(1, 3), cell(2, 5)] }, asked)
  expect(one).not.toContain('Ranks go by')
  const two = renderResults({ ...study, rows: [cell(1, 3), cell(2, 5, { dataset: 'other', seed: 9 })] }, asked)
  expect(two).toContain(
    'Ranks go by the sum of accuracies, over all datasets and seeds together; npx gauntlet rank tiny',
  )
})

it('has no list of configurations out of the ranking where there are none', () => {
  expect(renderResults({ ...study, rows: [cell(1, 3)] }, asked)).not.toContain('Not ranked')
})

it('names the input contract beside each number where a table has several', () => {
  const one = renderResults({ ...study, rows: [cell(1, 3)] }, asked)
  expect(one.split('\n').slice(2).join('\n')).not.toContain('input contract')
  const two = renderResults({ ...study, rows: [cell(1, 3), cell(2, 3, { inputContract: 'native' })] }, asked)
  expect(two).toContain('input contract paper, native')
  expect(two.split('\n').filter((line) => / (paper|native) /.test(line))).toHaveLength(4)
})

it('says that a cell without a number has one by other code, and shows that number with what differs on request', () => {
  const missing = [{ ...cell(1, 3), stage: null, failureClass: null, failedAt: null, reason: 'not run yet' }]
  const older = [{ ...cell(1, 3), planned: {} }]
  expect(renderResults({ ...study, rows: [], missing, older }, asked)).toMatch(
    /^tiny has no number .*\n\n[^]*1 cell has a number by other code.*gauntlet results tiny --all/,
  )
  const change = {
    stage: 'fine-tune',
    what: 'environment.precision',
    recorded: 'bfloat16',
    planned: 'float32',
  } as const
  const number: OlderNumber = { ...cell(1, 3), differences: [change] }
  expect(renderResults({ ...study, rows: [], missing, older }, { ...asked, older: [number] })).toMatch(
    /not ranked with the above:[^]*3\/10 .*precision bfloat16, now float32/,
  )
})

it('does not hide a failure that is newer than the number of its cell', () => {
  const failure = { stage: 'fine-tune', failureClass: 'Bug', message: 'broken', recordedAt: new Date(0) } as const
  const failedSince = [{ ...cell(1, 3), ...failure }]
  expect(renderResults({ ...study, rows: [cell(1, 3)], failedSince }, asked)).toMatch(
    /Failed since their number was measured:\n {2}row 1: fine-tune, Bug, broken/,
  )
})

it('shows a part of a table without ranks, and says how to see the others', () => {
  const rows = [cell(1, 3), cell(2, 4)]
  const part = renderResults({ ...study, rows }, { ...asked, range: { first: 1, last: 2 } })
  expect(part).not.toMatch(/^ *rank /m)
  expect(part).toMatch(/Rows 1 to 2 of 4; --rows 3-4 shows the next, --rows all the whole table/)
  const last = renderResults({ ...study, rows }, { ...asked, range: { first: 3, last: 9 } })
  expect(last).toMatch(/Rows 3 to 4 of 4; --rows all the whole table/)
})

it('says once what a flag means, of all rows that have it', () => {
  const flags = [{ name: 'bridged', value: 3, limit: 0, policy: 'mark' }] as const
  const rows = [1, 2, 3, 4].map((row) => cell(row, 3, row === 3 ? {} : { flags }))
  expect(renderResults({ ...study, rows }, asked)).toMatch(/rows 1 to 2, 4: it was made by other code .*\(bridge 3;/)
})

it('says once why cells have no number, with their rows, and names the first configurations', () => {
  const unrun = (row: number, reason: string) => ({
    ...cell(row, 0, { backbone: `backbone ${Math.ceil(row / 2)}`, perturbation: row % 2 ? 'clean' : 'Linf' }),
    stage: null,
    failureClass: row === 1 ? ('Bug' as const) : null,
    failedAt: null,
    reason,
  })
  const missing = [unrun(1, 'broken'), ...Array.from({ length: 39 }, (_, index) => unrun(index + 2, 'not run yet'))]
  const [, section] = renderResults({ ...study, rows: [], missing }, asked).split('Missing:\n')
  const lines = section!.split('\n')
  expect(lines.slice(0, 5)).toEqual([
    '  1 cell, row 1: Bug, broken',
    '    digits · backbone 1 · Classic AT · FFT-5 · seed 1: clean',
    '  39 cells, rows 2 to 40: pending, not run yet',
    '    digits · backbone 1 · Classic AT · FFT-5 · seed 1: Linf',
    '    digits · backbone 2 · Classic AT · FFT-5 · seed 1: clean, Linf',
  ])
  expect(lines.slice(13)).toEqual(['    and 10 more configurations'])
})

import { expect, it } from 'vitest'
import { rank } from '../paper/rank.ts'
import { readPublished, type PublishedFile } from './read-published.ts'
import { PublishedTableInvalid } from './table-invalid.ts'
import { publishedMapping, type TableMapping } from './table-mapping.ts'

const paperColumns = Object.values({ ...publishedMapping.columns, ...publishedMapping.accuracies })
const paperRow: Readonly<Record<string, string>> = {
  backbone: 'resnet50.a1_in1k',
  dataset: 'caltech101',
  loss_function: 'TRADES',
  ft_strategy: 'FFT (50 epochs)',
}
const paperTable = [paperColumns, paperColumns.map((column) => paperRow[column] ?? (/acc/.test(column) ? '0.5' : 'x'))]
const csv = (rows: readonly (readonly string[])[]) => rows.map((row) => row.join(',')).join('\n')

it('knows the database of the paper by its columns, with radii and evaluators', () => {
  const { reading, perturbations, rows } = readPublished([{ path: 'table.csv', text: csv(paperTable) }], null)
  expect(reading).toEqual({ format: 'published' })
  expect(perturbations[1]).toEqual({
    name: 'Linf',
    epsilon: 4 / 255,
    evaluator: 'autoattack-standard',
    column: 'Linf_acc',
  })
  expect(rows).toMatchObject([{ row: 2, protocol: 'FFT-50', accuracies: { clean: 0.5, common: 0.5 } }])
})

it('reads any table by a mapping, and does not know what its numbers were measured under', () => {
  const mapping: TableMapping = {
    columns: { backbone: 'model' },
    constants: { dataset: 'd', loss: 'l', protocol: 'p', size: 's', type: 't', strategy: 'u' },
    accuracies: { Linf: 'adversarial' },
  }
  const found = readPublished([{ path: 'any.csv', text: 'model,adversarial\na,0.25\nb,\n' }], mapping)
  expect(found.reading).toEqual({ format: 'csv', mapping })
  expect(found.perturbations).toEqual([{ name: 'Linf', epsilon: null, evaluator: null, column: 'adversarial' }])
  expect(found.rows.map(({ backbone, accuracies }) => [backbone, accuracies['Linf']])).toEqual([
    ['a', 0.25],
    ['b', null],
  ])
})

it('makes each leaderboard of RobustBench a protocol, and names the numbers that it flags', () => {
  const entry = (path: string, robust: string, unreliable = false) => ({
    path: `model_info/${path}.json`,
    text: JSON.stringify({ clean_acc: '90', autoattack_acc: robust, eps: '8/255', unreliable }),
  })
  const files = [entry('cifar10/Linf/A', '50'), entry('cifar10/Linf/B', '60', true), entry('cifar100/Linf/A', '30')]
  const { rows, perturbations, defects } = readPublished(files, null)
  const names = perturbations.map(({ name }) => name)
  expect(rank(rows, { protocol: 'cifar10 Linf 8/255', by: 'sum', perturbations: names })).toMatchObject([
    { backbone: 'B', rank: 1 },
    { backbone: 'A', rank: 2 },
  ])
  expect(defects).toMatchObject([{ kind: 'flagged-unreliable', rows: [2] }])
})

it('remembers with the import which numbers RobustBench flags, and does not say that corruptions are attacks', () => {
  const attacked = {
    path: 'model_info/cifar10/Linf/A.json',
    text: JSON.stringify({ clean_acc: '90', autoattack_acc: '50', unreliable: true }),
  }
  const corrupted = {
    path: 'model_info/cifar10/corruptions/B.json',
    text: JSON.stringify({ clean_acc: '90', corruptions_acc: '70' }),
  }
  const evaluatorOf = (...files: PublishedFile[]) => readPublished(files, null).perturbations[1]!.evaluator
  expect(readPublished([corrupted, attacked], null).reading).toEqual({ format: 'robustbench', unreliable: [2] })
  expect(readPublished([corrupted], null).reading).toEqual({ format: 'robustbench' })
  expect(evaluatorOf(attacked)).toBe('autoattack or stronger')
  expect(evaluatorOf(corrupted)).toBe('common corruptions')
  expect(evaluatorOf(attacked, corrupted)).toBe('autoattack or stronger; corruptions where the protocol says so')
})

it.each([
  [[], 'There is no file to import'],
  [[{ path: 'a.csv', text: 'model,clean\na,1\n' }], 'a.csv is not the paper’s'],
  [[{ path: 'a.csv', text: csv(paperTable.map((row) => row.slice(1))) }], 'but for backbone; add'],
])('refuses %j', (files, message) => {
  expect(() => readPublished(files, null)).toThrow(PublishedTableInvalid)
  expect(() => readPublished(files, null)).toThrow(message.replace('’', "'"))
})

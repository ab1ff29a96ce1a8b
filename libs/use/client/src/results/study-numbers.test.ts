import { rank } from '@gauntlet/analysis'
import type { ImportedStudy } from '@gauntlet/ledger'
import { backboneFacts } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import { numbersOfImport, numbersOfResults } from './study-numbers.ts'
import type { MeasuredCell, MissingCell, ResultCell, StudyResults } from './study-results.ts'

const cell = (row: number, changes: Partial<ResultCell> = {}): ResultCell => ({
  row,
  configurationId: 'one',
  dataset: 'digits',
  backbone: 'resnet50.a1_in1k',
  loss: 'TRADES',
  protocol: 'FFT-5',
  seed: 1,
  inputContract: 'paper',
  perturbation: 'clean',
  epsilon: null,
  evaluator: 'argmax',
  ...changes,
})

const measured = (row: number, changes: Partial<MeasuredCell> = {}): MeasuredCell => ({
  ...cell(row),
  measurementId: `m${row}`,
  flags: [],
  correct: 3,
  total: 4,
  accuracy: 0.75,
  stageKey: `s${row}`,
  outcomesDigest: `o${row}`,
  codeDigest: 'c',
  environmentClass: 'e',
  importSeal: null,
  ...changes,
})

const missing = (row: number, changes: Partial<MissingCell> = {}): MissingCell => ({
  ...cell(row, { perturbation: 'Linf', epsilon: 0.1 }),
  stage: null,
  failureClass: null,
  failedAt: null,
  reason: 'not run yet',
  ...changes,
})

const results = (rows: readonly MeasuredCell[], lacking: readonly MissingCell[]): StudyResults => ({
  study: { id: 'id', name: 'tiny', document: null, createdAt: '' },
  size: rows.length + lacking.length,
  rows,
  missing: lacking,
  older: [],
  failedSince: [],
  exclusions: [],
})

describe('the numbers of a study that ran', () => {
  it('are told apart where a perturbation has several radii or evaluators', () => {
    const linf = (row: number, epsilon: number, evaluator: string, accuracy: number) =>
      measured(row, { perturbation: 'Linf', epsilon, evaluator, accuracy })
    const radii = numbersOfResults(
      results([measured(1), linf(2, 4 / 255, 'standard', 0.75), linf(3, 8 / 255, 'standard', 0.25)], []),
    )
    expect(radii.perturbations.map(({ name }) => name)).toEqual(['clean', 'Linf 4/255', 'Linf 8/255'])
    expect(radii.rows[0]!.accuracies).toEqual({ clean: 0.75, 'Linf 4/255': 0.75, 'Linf 8/255': 0.25 })
    expect(radii.rows[0]!.origins).toMatchObject({ 'Linf 4/255': { row: 2 }, 'Linf 8/255': { row: 3 } })
    const mixed = [linf(1, 0.1, 'standard', 0.5), linf(2, 0.1, 'apgd-ce-100', 0.6), linf(3, 0.2, 'standard', 0.7)]
    expect(Object.keys(numbersOfResults(results(mixed, [])).rows[0]!.accuracies)).toEqual([
      'Linf 0.1 (standard)',
      'Linf 0.1 (apgd-ce-100)',
      'Linf 51/255 (standard)',
    ])
  })

  it('have the factors of a backbone of several checkpoints too', () => {
    const { size, familyType, pretrainingStrategy } = backboneFacts('resnet50.a1_in1k')!
    const [row] = numbersOfResults(results([measured(1, { backbone: 'resnet50.a1_in1k@mine' })], [])).rows
    expect(row!.factors).toEqual({ size, type: familyType, strategy: pretrainingStrategy })
  })

  it('say where they are not of the metric that the study asks for, and by whose word they are known', () => {
    const perClass = [measured(1, { metric: 'mean-per-class' }), measured(2, { importSeal: 'a'.repeat(64) })]
    const { source, rows } = numbersOfResults(results(perClass, []))
    expect(source).toContain('numbers of digits are accuracies over all test images, not the means per class')
    expect(Object.values(rows[0]!.origins)).toContainEqual(expect.objectContaining({ importSeal: 'a'.repeat(64) }))
    expect(numbersOfResults(results([measured(1)], [])).source).not.toContain('per class')
  })

  it('are rows with the factors of their backbones and the origin of every number', () => {
    const { rows, evidence, perturbations } = numbersOfResults(results([measured(1)], [missing(2)]))
    const facts = backboneFacts('resnet50.a1_in1k')!
    expect(evidence).toBe('measured')
    expect(perturbations).toEqual([
      { name: 'clean', epsilon: null, evaluator: 'argmax' },
      { name: 'Linf', epsilon: 0.1, evaluator: 'argmax' },
    ])
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      accuracies: { clean: 0.75, Linf: null },
      diverged: false,
      factors: { size: facts.size, type: facts.familyType, strategy: facts.pretrainingStrategy },
      origins: { clean: { kind: 'measured', row: 1, correct: 3, total: 4, outcomesDigest: 'o1' } },
    })
  })

  it('say of every cell without a number why it has none', () => {
    const diverged = missing(2, { failureClass: 'Diverged', reason: 'the loss is NaN', stage: 'fine-tune' })
    const { rows, lacking } = numbersOfResults(results([measured(1)], [diverged]))
    expect(rows[0]!.diverged).toBe(true)
    expect(lacking).toEqual([
      {
        cell: 'digits · resnet50.a1_in1k · TRADES · FFT-5 · seed 1 · Linf',
        reason: 'Diverged: the loss is NaN',
      },
    ])
  })

  it('do not have those that a flag refuses', () => {
    const flag = { name: 'saturated', value: 0.5, limit: 0.1, policy: 'refuse' as const }
    const numbers = numbersOfResults(results([measured(1, { flags: [flag] })], []))
    expect(numbers.rows[0]!.accuracies).toEqual({ clean: null })
    expect(numbers.lacking[0]!.reason).toMatch(/^not ranked: .*float32/)
    const marked = measured(1, { flags: [{ ...flag, policy: 'mark' }] })
    expect(numbersOfResults(results([marked], [])).rows[0]!.accuracies).toEqual({ clean: 0.75 })
  })

  it('say which environment they are of, and that ranks compare classes of machines where there are several', () => {
    const other = measured(2, { configurationId: 'two', seed: 2, environmentClass: 'other' })
    expect(numbersOfResults(results([measured(1)], [])).source).toBe(
      'measured in environment e by evaluations of code c',
    )
    expect(numbersOfResults(results([measured(1), other], [])).source).toBe(
      'measured on 2 classes of machines, whose numbers are compared (environments e, other), by evaluations of code c',
    )
  })

  it('keep backbones apart that were fed in different ways', () => {
    const native = measured(2, { configurationId: 'two', inputContract: 'native' })
    const { rows } = numbersOfResults(results([measured(1), native], []))
    expect(rows.map(({ backbone }) => backbone)).toEqual(['resnet50.a1_in1k (paper)', 'resnet50.a1_in1k (native)'])
  })
})

describe('the numbers of an imported table', () => {
  const row = { dataset: 'caltech101', loss: 'TRADES', protocol: 'FFT-50', seed: null, displayName: null }
  const factors = { size: 'small', type: 'hybrid', strategy: 'supervised' }
  const imported: ImportedStudy = {
    id: 'id',
    name: 'published',
    fileName: 'table.csv',
    fileDigest: 'digest',
    reading: {},
    perturbations: [{ name: 'clean', column: 'clean_acc', epsilon: null, evaluator: null }],
    importedAt: new Date(0),
    rows: [
      { ...row, ...factors, row: 2, backbone: 'a', accuracies: { clean: 0.3333 } },
      { ...row, ...factors, row: 3, backbone: 'b', accuracies: { clean: null } },
    ],
  }

  it('say in which row and column of the table each stands', () => {
    const { rows, lacking, evidence, source } = numbersOfImport(imported)
    expect([evidence, source]).toEqual(['claimed', 'read from table.csv, SHA-256 digest'])
    expect(rows[0]!.origins).toEqual({ clean: { kind: 'claimed', row: 2, column: 'clean_acc' } })
    expect(rows[1]!.origins).toEqual({})
    expect(lacking).toEqual([{ cell: 'row 3 · clean', reason: 'the table has no number' }])
    expect(rank(rows, { protocol: 'FFT-50', perturbations: ['clean'] })).toMatchObject([{ backbone: 'a', rank: 1 }])
  })

  it('come with what is wrong with them', () => {
    expect(numbersOfImport(imported).defects).toMatchObject([{ kind: 'not-a-count', rows: [2] }])
  })

  it('keep the flags that their publisher set', () => {
    const flagged = { ...imported, reading: { format: 'robustbench', unreliable: [3] } }
    expect(numbersOfImport(flagged).defects.map(({ kind, rows }) => [kind, rows])).toEqual([
      ['not-a-count', [2]],
      ['flagged-unreliable', [3]],
    ])
  })
})

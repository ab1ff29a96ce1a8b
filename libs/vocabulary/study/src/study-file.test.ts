import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configurationId, configurationLabel } from './configuration.ts'
import { expandStudy, outlineStudy, parseStudy, studyId } from './study-file.ts'
import { StudyFileInvalid } from './schema/study-problem.ts'
import { tinyStudy, tinyStudyWith as tiny } from './tiny-study.fixture.ts'

const expand = (changes: Record<string, string | null>) => expandStudy(parseStudy(tiny(changes), 'f'))
const labels = (changes: Record<string, string | null>) =>
  expand(changes).configurations.map((configuration) =>
    configurationLabel(configuration).replace(' · tf_efficientnet_lite0.in1k', ''),
  )
const id = (changes: Record<string, string | null>) => studyId(parseStudy(tiny(changes), 'f'))

describe('the expansion of a study', () => {
  it('is the product of its axes, protocol before loss before seed', () => {
    expect(labels({ protocols: '[FFT-2, LP-3]', seeds: '[1, 2]' })).toEqual([
      'digits · Classic AT · FFT-2 · seed 1',
      'digits · Classic AT · FFT-2 · seed 2',
      'digits · TRADES · FFT-2 · seed 1',
      'digits · TRADES · FFT-2 · seed 2',
      'digits · Classic AT · LP-3 · seed 1',
      'digits · Classic AT · LP-3 · seed 2',
      'digits · TRADES · LP-3 · seed 1',
      'digits · TRADES · LP-3 · seed 2',
    ])
  })

  it('has as many cells as the axes multiply to, each once', () => {
    const some = fc.uniqueArray(fc.nat(1_000), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(some, some, (seeds, epochs) => {
        const { configurations } = expand({
          seeds: `[${seeds.join()}]`,
          protocols: `[${epochs.map((n) => `FFT-${n + 1}`).join()}]`,
        })
        expect(new Set(configurations.map(configurationId)).size).toBe(2 * seeds.length * epochs.length)
      }),
      { numRuns: 25 },
    )
  })

  it('adds what is included after the grid, over the grid’s values of the axes left out', () => {
    expect(
      labels({ seeds: '[1, 2]', losses: '[TRADES]', include: '[{ loss: standard, protocol: [FFT-1, LP-1] }]' }).slice(
        2,
      ),
    ).toEqual([
      'digits · standard · FFT-1 · seed 1',
      'digits · standard · FFT-1 · seed 2',
      'digits · standard · LP-1 · seed 1',
      'digits · standard · LP-1 · seed 2',
    ])
  })

  it('may include a dataset of the catalogue that is not in the grid', () => {
    const { configurations } = expand({ losses: '[TRADES]', include: '[{ dataset: fashion-mnist }]' })
    expect(configurations.map(({ dataset }) => [dataset.id, dataset.classes])).toEqual([
      ['digits', 10],
      ['fashion-mnist', 10],
    ])
  })

  it('leaves out what is excluded and keeps the first reason given', () => {
    const rules = '[{ where: { loss: TRADES, seed: 2 }, reason: too slow }, { where: { seed: [2, 3] }, reason: later }]'
    const { configurations, exclusions } = expand({ seeds: '[1, 2, 3]', exclude: rules })
    expect(configurations).toHaveLength(2)
    expect(exclusions.map(({ cell, reason }) => [cell.loss, cell.seed, reason])).toEqual([
      ['Classic AT', 2, 'later'],
      ['Classic AT', 3, 'later'],
      ['TRADES', 2, 'too slow'],
      ['TRADES', 3, 'later'],
    ])
  })

  it('resolves a short file to the settings of the paper', () => {
    const [{ dataset, backbone, protocol, seed }] = expand({}).configurations as [
      ReturnType<typeof expand>['configurations'][0],
    ]
    expect(dataset).toMatchObject({
      resolution: 224,
      trainImages: null,
      validationImages: null,
      testImages: 1_000,
      splitSeed: 42,
    })
    expect([backbone.inputContract, protocol, seed]).toEqual(['paper', { id: 'FFT-2', trains: 'all', epochs: 2 }, 1])
  })

  it('prefers the images and the resolution of a dataset’s own entry', () => {
    const { configurations } = expand({
      datasets: '[{ id: digits, resolution: 48, images: { test: all } }]',
      images: '{ train: 10, test: 5 }',
    })
    expect(configurations[0]!.dataset).toMatchObject({
      resolution: 48,
      trainImages: 10,
      validationImages: null,
      testImages: null,
    })
  })

  it('takes the user’s own bytes by source and digest', () => {
    const own = `source: "file:mine.tar.zst", sha256: ${'a'.repeat(64)}`
    const { configurations } = expand({
      datasets: `[{ id: mine, classes: 3, ${own} }]`,
      backbones: `[{ id: tf_efficientnet_lite0.in1k, ${own} }]`,
    })
    expect(configurations[0]!.dataset).toMatchObject({
      id: 'mine',
      classes: 3,
      source: 'file:mine.tar.zst',
      sha256: 'a'.repeat(64),
    })
    expect(configurations[0]!.backbone).toMatchObject({ source: 'file:mine.tar.zst', sha256: 'a'.repeat(64) })
  })

  it('pins a catalogued dataset by digest alone', () => {
    const [first] = expand({ datasets: `[{ id: caltech101, sha256: ${'b'.repeat(64)} }]` }).configurations
    expect(first!.dataset).toMatchObject({ classes: 101, sha256: 'b'.repeat(64) })
    expect(first!.dataset.source).toContain('RobustGenBench/caltech101_processed.tar.zst')
  })
})

describe('the identity of a study', () => {
  it('does not change with owner, labels and notes, which are read as they stand', () => {
    const written = { owner: 'Ada', labels: '[thesis, <b>, thesis]', notes: '"two\\nlines"' }
    expect(id(written)).toBe(id({}))
    expect(parseStudy(tiny(written), 'f').annotations).toEqual({
      owner: 'Ada',
      labels: ['thesis', '<b>'],
      notes: 'two\nlines',
    })
    expect(parseStudy(tiny({}), 'f').annotations).toEqual({})
    for (const label of ['" x"', '"a\\tb"', '""'])
      expect(() => id({ labels: `[${label}]` })).toThrow(/A label is one line/)
  })

  it('does not change with layout, comments, the order of lists, defaults written out or the description', () => {
    expect(id({ losses: '[TRADES, Classic AT] # order', seeds: '[1]', resolution: '224', description: 'x' })).toBe(
      id({}),
    )
    expect(studyId(parseStudy(tinyStudy.split('\n').reverse().join('\n'), 'other'))).toBe(id({}))
    expect(id({ perturbations: '[common, L1, L2, Linf, clean]' })).toBe(id({}))
  })

  it('does not change when a radius is written as a fraction', () => {
    expect(id({ perturbations: '[{ name: Linf, epsilon: 0.2 }]' })).toBe(
      id({ perturbations: '[{ name: Linf, epsilon: 51/255 }]' }),
    )
  })

  it.each<Record<string, string>>([
    { name: 'tiny-2' },
    { seeds: '[2]' },
    { resolution: '48' },
    { perturbations: '[clean]' },
    { evaluator: '{ name: apgd-ce, iterations: 99 }' },
    { splitSeed: '1' },
    { inputContract: 'native' },
    { hyperparameters: '{ tradesBeta: 6 }' },
    { exclude: '[{ where: { loss: TRADES }, reason: too slow }]' },
  ])('changes with %o', (change) => {
    expect(id(change)).not.toBe(id({}))
  })

  it('of two exclusions for different reasons differs, since the reason is part of the record', () => {
    const excluding = (reason: string) => id({ exclude: `[{ where: { loss: TRADES }, reason: ${reason} }]` })
    expect(excluding('too slow')).not.toBe(excluding('no memory'))
  })
})

describe('an outline', () => {
  const study = outlineStudy(tiny({ backbones: '[tf_efficientnet_lite0.in1k, resnet50.a1_in1k]' }), 'f')

  it('counts the cells of what is not pinned yet and says what that is', () => {
    expect(study.cells).toHaveLength(4)
    expect(study.unpinned.map(({ problem: { line, column } }) => [line, column])).toEqual([[3, 41]])
  })

  it('cannot be expanded: a cell whose bytes are unknown has no identity', () => {
    expect(() => expandStudy(study)).toThrow(StudyFileInvalid)
    expect(() => studyId(study)).toThrow('not pinned yet')
  })

  it('refuses what is wrong as `parseStudy` does', () => {
    expect(() => outlineStudy(tiny({ seeds: '[]' }), 'f')).toThrow(StudyFileInvalid)
  })
})

it('the error of an invalid study file carries the name of its failure class', () => {
  expect(() => parseStudy('', 'f')).toThrow(expect.objectContaining({ name: 'InvalidInput' }))
})

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { evaluatorLabel } from './configuration.ts'
import { configurationCost } from './cost/cost.ts'
import { studyJsonSchema } from './schema/json-schema.ts'
import { expandStudy, outlineStudy, parseStudy } from './study-file.ts'

const folder = fileURLToPath(new URL('../studies/', import.meta.url))
const files = readdirSync(folder).filter((name) => name.endsWith('.study.yaml'))
const bytesOf = (name: string) => readFileSync(`${folder}${name}`)

describe('the studies that come with the project', () => {
  it.each(files)('%s has the name of its file, and its header states command, cost and what to expect', (file) => {
    expect(`${outlineStudy(bytesOf(file), file).name}.study.yaml`).toBe(file)
    const header = bytesOf(file).toString().split('\nname:')[0]!
    for (const part of ['# command:', '# cost:', '# expect:', '# yaml-language-server: $schema=study.schema.json'])
      expect(header).toContain(part)
  })

  it.each(['quickstart', 'smoke'])('%s costs what its header says', (name) => {
    const bytes = bytesOf(`${name}.study.yaml`)
    const { configurations, perturbations } = expandStudy(parseStudy(bytes, name))
    const forwards = configurations.reduce(
      (sum, configuration) => sum + configurationCost(configuration, perturbations)!,
      0,
    )
    const stated = Number(/# cost: +([\d,]+) forward-equivalents/.exec(bytes.toString())![1]!.replaceAll(',', ''))
    expect(forwards / stated).toBeCloseTo(1, 1)
  })

  it('quickstart has 2 losses × 2 protocols and a control, under five perturbations over at least 100 images', () => {
    const { configurations, perturbations, exclusions } = expandStudy(
      parseStudy(bytesOf('quickstart.study.yaml'), 'quickstart'),
    )
    const adversarial = configurations.filter(({ loss }) => loss !== 'standard')
    const control = configurations.filter(({ loss }) => loss === 'standard')
    expect(new Set(adversarial.map(({ loss, protocol }) => `${loss} ${protocol.trains}`)).size).toBe(4)
    expect([configurations.length, control.length, control[0]?.protocol.trains, exclusions]).toEqual([5, 1, 'all', []])
    expect(perturbations.map(({ name }) => name)).toEqual(['clean', 'Linf', 'L2', 'L1', 'common'])
    expect(Math.min(...configurations.map(({ dataset }) => dataset.testImages!))).toBeGreaterThanOrEqual(100)
  })

  it('smoke has the five perturbations of at most two configurations, and costs a few thousand forwards', () => {
    const { configurations, perturbations } = expandStudy(parseStudy(bytesOf('smoke.study.yaml'), 'smoke'))
    expect(configurations.length).toBeLessThanOrEqual(2)
    expect(new Set(perturbations.map(({ name }) => name)).size).toBe(5)
    const forwards = configurations.map((configuration) => configurationCost(configuration, perturbations)!)
    expect(forwards.reduce((a, b) => a + b)).toBeLessThan(5_000)
  })

  it('reference is the whole published study, and names what is not pinned yet', () => {
    const { cells, exclusions, perturbations, unpinned } = outlineStudy(bytesOf('reference.study.yaml'), 'reference')
    expect([cells.length, exclusions]).toEqual([1_440, []])
    const evaluators = perturbations.map(evaluatorLabel)
    expect(evaluators).toEqual([
      'argmax',
      ...['Linf', 'L2', 'L1'].map(() => 'autoattack-standard'),
      'corruptions-11-s3',
    ])
    const named = (what: string) => unpinned.filter(({ problem }) => problem.message.startsWith(`The ${what} `)).length
    expect([named('backbone'), named('dataset'), unpinned.length]).toEqual([40, 6, 46])
  })
})

describe('the schema for editors', () => {
  it('is what the code says: run `npm run schema --workspace @gauntlet/study`', () => {
    expect(JSON.parse(bytesOf('study.schema.json').toString())).toEqual(JSON.parse(JSON.stringify(studyJsonSchema())))
  })

  it('requires the keys that have no default, and no others', () => {
    expect(studyJsonSchema()).toMatchObject({
      required: ['name', 'datasets', 'backbones', 'protocols'],
      additionalProperties: false,
      properties: { losses: { items: { enum: ['standard', 'Classic AT', 'TRADES'] } } },
    })
  })
})

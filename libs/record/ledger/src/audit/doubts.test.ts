import {
  configurationId,
  type ArtifactReference,
  type ArtifactsByRole,
  type Configuration,
  type Digest,
  type Json,
  type StageIdentity,
} from '@gauntlet/study'
import { beforeAll, expect, it } from 'vitest'
import { doubtReach } from './doubt-reach.ts'
import { doubtable, DoubtSubjectUnknown, DoubtUnknown, listDoubts, raiseDoubt, withdrawDoubt } from './doubts.ts'
import { changesSince } from '../studies/changes-since.ts'
import { fulfilExecution } from '../executions/fulfil-execution.ts'
import { artifactOf, clean, configurationWith, fulfilment, linf, studyOf, useLedger } from '../ledger.fixture.ts'
import { recordMeasurement } from '../record-measurement.fixture.ts'
import { recordStudy } from '../studies/record-study.ts'
import { recordReproduction, reproductionsOf } from './reproductions.ts'
import { studyEvidence } from '../studies/study-evidence.ts'

const ledger = useLedger()
const [one, other] = [configurationWith(1), configurationWith(2)]
const archive = artifactOf('archive')
const manifest = artifactOf('manifest')
const checkpointOf = ({ seed }: Configuration) => artifactOf(`checkpoint of ${seed}`)

/** The keys of the stages behind the numbers of each seed, by their names. */
const keys = new Map<number, Record<string, Digest>>()

async function fulfil(
  name: StageIdentity['stage'],
  used: ArtifactsByRole,
  generated: ArtifactsByRole,
  { own, parameters = {} }: { own?: Configuration; parameters?: Record<string, Json> } = {},
): Promise<Digest> {
  const ofOwn = own && { configurationId: configurationId(own), parameters: { seed: own.seed, ...parameters } }
  const report = fulfilment(name, used, generated, ofOwn ?? { parameters })
  await fulfilExecution(ledger.db, report)
  if (own) keys.set(own.seed, { ...keys.get(own.seed), [name]: report.key })
  return report.key
}

/** Records both numbers of a configuration that this checkpoint has, and gives the keys of their evaluations. */
async function evaluate(own: Configuration, checkpoint: ArtifactReference): Promise<void> {
  for (const perturbation of [linf, clean]) {
    const outcomes = artifactOf(`outcomes of ${own.seed} under ${perturbation.name}`)
    const used = { checkpoint, manifest, perturbation: artifactOf(perturbation.name) }
    const stageKey = await fulfil('perturb-and-evaluate', used, { outcomes }, { own })
    const measured = { configurationId: configurationId(own), perturbation, stageKey }
    await recordMeasurement(ledger.db, { ...measured, outcomesDigest: outcomes.digest, correct: 3, total: 4 })
  }
}

beforeAll(async () => {
  await recordStudy(ledger.db, studyOf('doubted', [one, other]))
  const dataset = { parameters: { dataset: { id: 'digits' } } }
  const prepared = await fulfil('prepare-dataset', { source: archive }, { manifest }, dataset)
  for (const own of [one, other]) {
    keys.set(own.seed, { 'prepare-dataset': prepared })
    const trained = artifactOf(`trained of ${own.seed}`)
    await fulfil('fine-tune', { manifest }, { trained, history: artifactOf(`history of ${own.seed}`) }, { own })
    await fulfil('checkpoint', { trained }, { checkpoint: checkpointOf(own) }, { own })
    await evaluate(own, checkpointOf(own))
  }
})

/** Seeds and perturbations of the numbers of a study that are shown as doubted. */
async function doubted(study = 'doubted'): Promise<string[]> {
  const { measurements, configurations, perturbations } = await studyEvidence(ledger.db, study)
  const shown = measurements.filter(({ flags }) => flags.some(({ name }) => name === 'doubted'))
  return shown
    .map(({ configurationId: id, perturbationKey: key }) => {
      const { configuration } = configurations.find((each) => each.id === id)!
      return `${configuration.seed} ${perturbations.find((each) => each.key === key)!.perturbation.name}`
    })
    .sort()
}

it.each([
  ['a checkpoint', checkpointOf(one).digest, ['1 Linf', '1 clean']],
  ['the source of a dataset', archive.digest, ['1 Linf', '1 clean', '2 Linf', '2 clean']],
  ['outcomes', artifactOf('outcomes of 2 under clean').digest, ['2 clean']],
  ['what no number rests on', artifactOf('history of 1').digest, []],
])('marks the numbers that rest on %s until the doubt is withdrawn', async (_, digest, expected) => {
  const { position } = await changesSince(ledger.db, null)
  const id = await raiseDoubt(ledger.db, digest, 'a worker with bad memory')
  expect(await doubted()).toEqual(expected)
  expect((await changesSince(ledger.db, position)).configurations.length > 0).toBe(expected.length > 0)
  await withdrawDoubt(ledger.db, id, 'the memory was good')
  expect(await doubted()).toEqual([])
  await expect(withdrawDoubt(ledger.db, id, 'again')).rejects.toThrow(DoubtUnknown)
  expect((await listDoubts(ledger.db))[0]).toMatchObject({ id, digest, withdrawnWhy: 'the memory was good' })
})

/** Records that a number under no perturbation was computed again, and gives its id. */
async function again(own: Configuration, details: Json, verdict: 'same-bytes' | 'differs' = 'same-bytes') {
  const outcomes = artifactOf(`outcomes of ${own.seed} under clean`).digest
  const { measurements } = await studyEvidence(ledger.db, own.seed < 3 ? 'doubted' : `seed ${own.seed}`)
  const { stageKey, measurementId, environmentClass } = measurements.find((each) => each.outcomesDigest === outcomes)!
  const firstStage = verdict === 'differs' ? ('checkpoint' as const) : null
  const facts = { stageKey, measurementId, code: 'recorded' as const, verdict, firstStage, environmentClass, details }
  await recordReproduction(ledger.db, { ...facts, environment: { cores: 2 } })
  return measurementId
}

const order = ['prepare-dataset', 'pretrain-load', 'fine-tune', 'checkpoint', 'perturb-and-evaluate'] as const

/** The details of a reproduction that executed the stages of a configuration from this one on. */
function from(first: (typeof order)[number], own = one): Json {
  const executed = order.slice(order.indexOf(first)).filter((stage) => keys.get(own.seed)![stage])
  return { stages: executed.map((stage) => ({ stage, stageKey: keys.get(own.seed)![stage]! })) }
}

it('takes a doubt about what a stage made for answered where a number was computed again to the same bytes', async () => {
  await again(one, from('checkpoint')) // before the doubt, which it cannot answer
  const id = await raiseDoubt(ledger.db, checkpointOf(one).digest, 'a worker with bad memory')
  await again(one, from('checkpoint'), 'differs')
  expect(await doubted()).toEqual(['1 Linf', '1 clean'])
  const measurementId = await again(one, from('checkpoint'))
  expect(await doubted()).toEqual(['1 Linf'])
  expect((await reproductionsOf(ledger.db, measurementId)).map(({ verdict }) => verdict)).toEqual([
    'same-bytes',
    'differs',
    'same-bytes',
  ])
  await withdrawDoubt(ledger.db, id, 'enough')
  const ofSource = await raiseDoubt(ledger.db, archive.digest, 'labels are wrong')
  await again(one, from('prepare-dataset'))
  expect(await doubted()).toHaveLength(4) // the same source gives the same bytes, right or wrong
  await withdrawDoubt(ledger.db, ofSource, 'enough')
})

it.each([
  ['a manifest', manifest, 'fine-tune', 'prepare-dataset'],
  ['trained weights', artifactOf('trained of 1'), 'checkpoint', 'fine-tune'],
  ['a checkpoint', checkpointOf(one), 'perturb-and-evaluate', 'checkpoint'],
] as const)(
  'lets a doubt about %s stand until what made it was executed again',
  async (_, { digest }, later, maker) => {
    const id = await raiseDoubt(ledger.db, digest, 'a worker with bad memory')
    await again(one, from(later))
    expect(await doubted()).toContain('1 clean')
    await again(one, from(maker))
    expect(await doubted()).not.toContain('1 clean')
    expect(await doubted()).toContain('1 Linf')
    await withdrawDoubt(ledger.db, id, 'enough')
  },
)

it('takes a reproduction that does not list its stages for one of the evaluation alone', async () => {
  const unlisted: Json[] = [
    null,
    {},
    { stages: null },
    { stages: ['checkpoint'] },
    { stages: [{ stage: 'checkpoint' }] },
  ]
  const ofCheckpoint = await raiseDoubt(ledger.db, checkpointOf(one).digest, 'a worker with bad memory')
  for (const details of unlisted) await again(one, details)
  expect(await doubted()).toEqual(['1 Linf', '1 clean'])
  await withdrawDoubt(ledger.db, ofCheckpoint, 'enough')
  for (const details of unlisted) {
    const ofOutcomes = await raiseDoubt(ledger.db, artifactOf('outcomes of 1 under clean').digest, 'bad memory')
    expect(await doubted()).toEqual(['1 clean'])
    await again(one, details)
    expect(await doubted()).toEqual([])
    await withdrawDoubt(ledger.db, ofOutcomes, 'enough')
  }
})

it('does not take a stage that passes doubted bytes on for one that made them', async () => {
  const third = configurationWith(3)
  await recordStudy(ledger.db, studyOf('seed 3', [third]))
  const trained = artifactOf('trained of 3, and its checkpoint')
  await fulfil('fine-tune', { manifest }, { trained }, { own: third })
  await fulfil('checkpoint', { trained }, { checkpoint: trained }, { own: third })
  await evaluate(third, trained)
  const id = await raiseDoubt(ledger.db, trained.digest, 'a worker with bad memory')
  await again(third, from('checkpoint', third))
  expect(await doubted('seed 3')).toEqual(['3 Linf', '3 clean'])
  await again(third, from('fine-tune', third))
  expect(await doubted('seed 3')).toEqual(['3 Linf'])
  await withdrawDoubt(ledger.db, id, 'enough')
})

it('lets a doubt about a source stand for the numbers that had it as theirs, though a stage made its bytes', async () => {
  const fourth = configurationWith(4)
  await recordStudy(ledger.db, studyOf('seed 4', [fourth]))
  const [weights, parameters] = [checkpointOf(one), artifactOf('parameters of 4')]
  await fulfil('pretrain-load', { weights }, { parameters }, { own: fourth })
  await fulfil('checkpoint', { trained: parameters }, { checkpoint: weights }, { own: fourth })
  await evaluate(fourth, weights)
  const id = await raiseDoubt(ledger.db, weights.digest, 'a worker with bad memory')
  await again(fourth, from('pretrain-load', fourth))
  expect(await doubted('seed 4')).toEqual(['4 Linf', '4 clean'])
  await again(one, from('checkpoint'))
  expect(await doubted()).toEqual(['1 Linf'])
  await withdrawDoubt(ledger.db, id, 'enough')
})

it('takes one of several stages that made the same bytes for enough', async () => {
  const fifth = configurationWith(5)
  await recordStudy(ledger.db, studyOf('seed 5', [fifth]))
  const [trained, checkpoint] = [artifactOf('trained of 5'), checkpointOf(fifth)]
  await fulfil('fine-tune', { manifest }, { trained }, { own: fifth })
  await fulfil('checkpoint', { trained }, { checkpoint }, { own: fifth })
  await fulfil('checkpoint', { trained }, { checkpoint }, { own: fifth, parameters: { again: true } })
  await evaluate(fifth, checkpoint)
  const id = await raiseDoubt(ledger.db, checkpoint.digest, 'a worker with bad memory')
  await again(fifth, from('checkpoint', fifth))
  expect(await doubted('seed 5')).toEqual(['5 Linf'])
  await withdrawDoubt(ledger.db, id, 'enough')
})

it('finds the stages and the rows of tables that rest on bytes, with what made them', async () => {
  const { roles, stages, numbers } = await doubtReach(ledger.db, checkpointOf(other).digest)
  expect(roles).toEqual(['checkpoint generated by checkpoint', 'checkpoint used by perturb-and-evaluate'])
  expect(stages.map(({ identity }) => identity.stage).sort()).toEqual([
    'checkpoint',
    'perturb-and-evaluate',
    'perturb-and-evaluate',
  ])
  expect(stages.every(({ configuration }) => configuration.seed === 2)).toBe(true)
  expect(numbers.map(({ studyName, row }) => [studyName, row])).toEqual([
    ['doubted', 3],
    ['doubted', 4],
  ])
})

it('knows bytes by the beginning of their digest, and a dataset by its id', async () => {
  expect(await doubtable(ledger.db, manifest.digest.slice(0, 12))).toBe(manifest.digest)
  expect(await doubtable(ledger.db, 'digits')).toBe(archive.digest)
  await expect(doubtable(ledger.db, 'pets')).rejects.toThrow(DoubtSubjectUnknown)
  await expect(doubtable(ledger.db, '0123456789')).rejects.toThrow(/No lineage names 0123456789/)
})

import { configurationId, type ArtifactsByRole, type StageIdentity } from '@gauntlet/study'
import { beforeAll, expect, it } from 'vitest'
import { doubtReach } from './doubt-reach.ts'
import { doubtable, DoubtSubjectUnknown, DoubtUnknown, listDoubts, raiseDoubt, withdrawDoubt } from './doubts.ts'
import { changesSince } from '../studies/changes-since.ts'
import { fulfilExecution } from '../executions/fulfil-execution.ts'
import { artifactOf, clean, configurationWith, fulfilment, linf, studyOf, useLedger } from '../ledger.fixture.ts'
import { recordMeasurement } from '../executions/record-measurement.ts'
import { recordStudy } from '../studies/record-study.ts'
import { recordReproduction, reproductionsOf } from './reproductions.ts'
import { studyEvidence } from '../studies/study-evidence.ts'

const ledger = useLedger()
const [one, other] = [configurationWith(1), configurationWith(2)]
const archive = artifactOf('archive')
const manifest = artifactOf('manifest')
const checkpointOf = (name: string) => artifactOf(`checkpoint of ${name}`)

beforeAll(async () => {
  await recordStudy(ledger.db, studyOf('doubted', [one, other]))
  const fulfil = async (...given: Parameters<typeof fulfilment>) => {
    const report = fulfilment(...given)
    await fulfilExecution(ledger.db, report)
    return report.key
  }
  const stage = (
    name: StageIdentity['stage'],
    used: ArtifactsByRole,
    generated: ArtifactsByRole,
    own: typeof one | null,
  ) =>
    fulfil(name, used, generated, {
      ...(own ? { configurationId: configurationId(own) } : {}),
      parameters: name === 'prepare-dataset' ? { dataset: { id: 'digits' } } : {},
    })
  await stage('prepare-dataset', { source: archive }, { manifest }, null)
  for (const [name, configuration] of Object.entries({ one, other })) {
    const trained = artifactOf(`trained of ${name}`)
    await stage('fine-tune', { manifest }, { trained, history: artifactOf(`history of ${name}`) }, configuration)
    await stage('checkpoint', { trained }, { checkpoint: checkpointOf(name) }, configuration)
    for (const perturbation of [clean, linf]) {
      const outcomes = artifactOf(`outcomes of ${name} under ${perturbation.name}`)
      const used = { checkpoint: checkpointOf(name), manifest, perturbation: artifactOf(perturbation.name) }
      const stageKey = await stage('perturb-and-evaluate', used, { outcomes }, configuration)
      const measured = { configurationId: configurationId(configuration), perturbation, stageKey }
      await recordMeasurement(ledger.db, { ...measured, outcomesDigest: outcomes.digest, correct: 3, total: 4 })
    }
  }
})

/** Seeds and perturbations of the numbers that are shown as doubted. */
async function doubted(): Promise<string[]> {
  const { measurements, configurations, perturbations } = await studyEvidence(ledger.db, 'doubted')
  const shown = measurements.filter(({ flags }) => flags.some(({ name }) => name === 'doubted'))
  return shown
    .map(({ configurationId: id, perturbationKey: key }) => {
      const { configuration } = configurations.find((each) => each.id === id)!
      return `${configuration.seed} ${perturbations.find((each) => each.key === key)!.perturbation.name}`
    })
    .sort()
}

it.each([
  ['a checkpoint', checkpointOf('one').digest, ['1 Linf', '1 clean']],
  ['the source of a dataset', archive.digest, ['1 Linf', '1 clean', '2 Linf', '2 clean']],
  ['outcomes', artifactOf('outcomes of other under clean').digest, ['2 clean']],
  ['what no number rests on', artifactOf('history of one').digest, []],
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

it('takes a doubt about what a stage made for answered where a number was computed again to the same bytes', async () => {
  const { measurements } = await studyEvidence(ledger.db, 'doubted')
  const some = measurements.find(
    ({ outcomesDigest }) => outcomesDigest === artifactOf('outcomes of one under clean').digest,
  )!
  const again = (verdict: 'same-bytes' | 'differs') =>
    recordReproduction(ledger.db, {
      stageKey: some.stageKey,
      measurementId: some.measurementId,
      code: 'recorded',
      verdict,
      firstStage: verdict === 'differs' ? 'checkpoint' : null,
      environmentClass: some.environmentClass,
      environment: { cores: 2 },
      details: null,
    })
  await again('same-bytes') // before the doubt, which it cannot answer
  const id = await raiseDoubt(ledger.db, checkpointOf('one').digest, 'a worker with bad memory')
  await again('differs')
  expect(await doubted()).toEqual(['1 Linf', '1 clean'])
  await again('same-bytes')
  expect(await doubted()).toEqual(['1 Linf'])
  expect((await reproductionsOf(ledger.db, some.measurementId)).map(({ verdict }) => verdict)).toEqual([
    'same-bytes',
    'differs',
    'same-bytes',
  ])
  await withdrawDoubt(ledger.db, id, 'enough')
  const ofSource = await raiseDoubt(ledger.db, archive.digest, 'labels are wrong')
  await again('same-bytes')
  expect(await doubted()).toHaveLength(4) // the same source gives the same bytes, right or wrong
  await withdrawDoubt(ledger.db, ofSource, 'enough')
})

it('finds the stages and the rows of tables that rest on bytes, with what made them', async () => {
  const { roles, stages, numbers } = await doubtReach(ledger.db, checkpointOf('other').digest)
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

import type { ArtifactStore } from '@gauntlet/artifacts'
import { encodeOutcomes, outcomeFacts, outcomesMediaType } from '@gauntlet/evaluation/outcomes'
import { fulfilExecution, recordAttempt, recordStudy, type LedgerDatabase } from '@gauntlet/ledger'
import { recordMeasurement } from '@gauntlet/ledger/fixtures/record-measurement'
import { attemptCalled, fulfilment } from '@gauntlet/ledger/fixtures/ledger'
import {
  configurationId,
  digestOf,
  expandStudy,
  parseStudy,
  studyId,
  type ArtifactReference,
  type ArtifactsByRole,
  type Configuration,
  type Digest,
  type Perturbation,
} from '@gauntlet/study'

/** A study that a ledger and a store have as if it had run, with bytes for every artifact. */
export interface RecordedStudyFixture {
  readonly id: Digest
  readonly name: string
  readonly measurements: readonly Digest[]
}

const images = 8

/** Writes a study of two losses under the perturbations of a study file: 2 configurations, 10 numbers. */
export async function recordSmallStudy(
  db: LedgerDatabase,
  store: ArtifactStore,
  name = 'small',
): Promise<RecordedStudyFixture> {
  const file = `name: ${name}
description: Numbers that nobody has measured.
datasets: [digits]
backbones: [tf_efficientnet_lite0.in1k]
losses: [Classic AT, TRADES]
protocols: [FFT-1]
seeds: [1]
evaluator: apgd-ce
`
  const study = parseStudy(file, `${name}.study.yaml`)
  const { configurations, perturbations, exclusions } = expandStudy(study)
  const id = studyId(study)
  const document = { name, description: study.description }
  await recordStudy(db, { id, name, document, file, configurations, perturbations, exclusions })
  const put = (text: string) => store.put(Buffer.from(text), 'text/plain')
  const code = { code: await put(JSON.stringify('code')) }
  const stage = async (
    name: Parameters<typeof fulfilment>[0],
    used: ArtifactsByRole,
    generated: ArtifactsByRole,
    changes: Parameters<typeof fulfilment>[3] = {},
  ) => {
    const report = fulfilment(name, { ...used, ...code }, generated, changes)
    await fulfilExecution(db, report)
    return report
  }
  const dataset = { manifest: await put('manifest'), images: await put('images') }
  await stage('prepare-dataset', { source: await put('archive') }, dataset)
  const weights = { parameters: await put('parameters') }
  await stage('pretrain-load', { weights: await put('weights') }, weights)
  const measurements: Digest[] = []
  for (const configuration of configurations) {
    const asked = { configurationId: configurationId(configuration), parameters: { loss: configuration.loss } }
    const trained = { trained: await put(`trained ${configuration.loss}`) }
    const training = await stage('fine-tune', { ...dataset, ...weights }, trained, asked)
    const attempt = attemptCalled('lost', {
      startedAt: '2025-12-31T23:00:00.000Z',
      endedAt: '2025-12-31T23:30:00.000Z',
    })
    await recordAttempt(db, { ...training, attempt, failure: { class: 'WorkerLost', message: 'its node vanished' } })
    const checkpoint = { checkpoint: await put(`checkpoint ${configuration.loss}`) }
    await stage('checkpoint', { ...dataset, ...trained }, checkpoint, asked)
    for (const perturbation of perturbations) {
      const outcomes = await storeOutcomes(store, configuration, perturbation)
      const parameters = { ...asked.parameters, perturbation: perturbation as never }
      const evaluation = await stage(
        'perturb-and-evaluate',
        { ...dataset, ...checkpoint },
        { outcomes },
        { ...asked, parameters },
      )
      measurements.push(
        await recordMeasurement(db, {
          configurationId: asked.configurationId,
          perturbation,
          stageKey: evaluation.key,
          outcomesDigest: outcomes.digest,
          correct: 3,
          total: images,
        }),
      )
    }
  }
  return { id, name, measurements }
}

function storeOutcomes(
  store: ArtifactStore,
  { loss }: Configuration,
  perturbation: Perturbation,
): Promise<ArtifactReference> {
  const outcomes = Array.from({ length: images }, (_, index) => ({
    image: digestOf(['image', index]),
    index,
    label: 0,
    prediction: index < 3 ? 0 : 1,
    held: index < 3,
    felledBy: index < 3 ? null : loss,
    run: null,
    margin: index < 3 ? 1 : -1,
    distance: null,
  }))
  return store.put(encodeOutcomes(outcomes, outcomeFacts(perturbation)), outcomesMediaType)
}

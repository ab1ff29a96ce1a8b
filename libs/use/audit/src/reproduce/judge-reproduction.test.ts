import { openArtifactStore } from '@gauntlet/artifacts'
import type { RecordedStage, RemadeNumber } from '@gauntlet/contract'
import { encodeOutcomes, outcomeFacts, outcomesMediaType, type Outcome } from '@gauntlet/evaluation/outcomes'
import type { MeasurementTrace, TracedExecution } from '@gauntlet/ledger'
import { configurationWith, clean } from '@gauntlet/ledger/fixtures/ledger'
import { digestOf, type ArtifactReference, type KeyedStage } from '@gauntlet/study'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { judgeReproduction } from './judge-reproduction.ts'
import { sampledNumbers } from './sampled-numbers.ts'

const images = 200

function outcomesWith(held: number, margin = 1): Outcome[] {
  return Array.from({ length: images }, (_, index) => ({
    image: digestOf(['image', index]),
    index,
    label: 0,
    prediction: index < held ? 0 : 1,
    held: index < held,
    felledBy: index < held ? null : 'clean',
    run: null,
    margin: index < held ? margin : -margin,
    distance: null,
  }))
}

/** Judges a number of two stages that was made again with these outcomes, in this environment. */
async function judge(outcomes: Outcome[], { tolerance = 0.005, threads = 1, checkpoint = 'checkpoint' } = {}) {
  const store = openArtifactStore(pathToFileURL(emptyFolder()).href)
  const put = (all: Outcome[]) => store.put(encodeOutcomes(all, outcomeFacts(clean)), outcomesMediaType)
  const [recordedOutcomes, outcomesNow] = [await put(outcomesWith(50)), await put(outcomes)]
  const environmentClass = digestOf({ threads: 1 })
  const stage = (name: KeyedStage, role: string, made: ArtifactReference): RecordedStage => ({
    stageKey: digestOf(name),
    identity: { stage: name, codeDigest: digestOf('code'), environmentClass, parameters: {}, seed: 1, inputs: {} },
    used: {},
    generated: { [role]: made },
  })
  const bytes = (name: string) => ({ digest: digestOf(name), size: 1, mediaType: 'x' })
  const stages = [
    stage('checkpoint', 'checkpoint', bytes('checkpoint')),
    stage('perturb-and-evaluate', 'outcomes', recordedOutcomes),
  ]
  const executions = stages.map(
    ({ stageKey }) => ({ stageKey, environment: { threads: 1 } }) as unknown as TracedExecution,
  )
  const trace = { measurement: { outcomesDigest: recordedOutcomes.digest }, executions } as unknown as MeasurementTrace
  const number = {
    measurementId: digestOf('m'),
    configuration: configurationWith(1),
    perturbation: clean,
    stages,
    trace,
  }
  const remade: RemadeNumber = {
    measurementId: number.measurementId,
    stages: [{ checkpoint: bytes(checkpoint) }, { outcomes: outcomesNow }].map((generated, i) => ({
      stageKey: stages[i]!.stageKey,
      codeDigest: digestOf('code'),
      generated,
      seconds: 1,
      otherPackages: [],
    })),
    outcomes: outcomesNow,
    device: 'cpu',
    environment: { threads },
    environmentClass: digestOf({ threads }),
    host: { environment: null, environmentClass: digestOf('host') },
  }
  return judgeReproduction(number, remade, { store, scratch: store, tolerance })
}

it('calls equal bytes of every stage the same bytes', async () => {
  expect(await judge(outcomesWith(50))).toMatchObject({ verdict: 'same-bytes', firstStage: null, changedImages: 0 })
})

it('calls other bytes with the verdict of every image the same outcomes, and names the first stage', async () => {
  expect(await judge(outcomesWith(50, 1.5))).toMatchObject({
    verdict: 'same-outcomes',
    firstStage: 'perturb-and-evaluate',
  })
  expect(await judge(outcomesWith(50), { checkpoint: 'other' })).toMatchObject({
    verdict: 'same-outcomes',
    firstStage: 'checkpoint',
    stages: [{ otherBytes: ['checkpoint'] }, { otherBytes: [] }],
  })
})

it('calls an accuracy within the tolerance near, and one beyond it different', async () => {
  const near = { verdict: 'within-tolerance', recordedCorrect: 50, correct: 51, changedImages: 1 }
  expect(await judge(outcomesWith(51))).toMatchObject(near)
  expect(await judge(outcomesWith(52))).toMatchObject({ verdict: 'differs', changedImages: 2 })
  expect(await judge(outcomesWith(52), { tolerance: 0.01 })).toMatchObject({ verdict: 'within-tolerance' })
})

it('calls the same accuracy on part of the images different', async () => {
  const ofHalf = outcomesWith(50).slice(0, 100)
  expect(await judge(ofHalf, { tolerance: 0.5 })).toMatchObject({ verdict: 'differs', changedImages: 100 })
})

it('says what differs between the environments', async () => {
  const { stages } = await judge(outcomesWith(60), { threads: 2 })
  expect(stages.at(-1)!.otherEnvironment).toEqual(['threads: 1, now 2'])
})

it('draws the same share of numbers each time, and another one by another seed', () => {
  const ids = Array.from({ length: 100 }, (_, i) => digestOf(i))
  const five = sampledNumbers(ids, 0.05, 1)
  expect(five).toHaveLength(5)
  expect(sampledNumbers(ids.toReversed(), 0.05, 1).toSorted()).toEqual(five.toSorted())
  expect(sampledNumbers(ids, 0.05, 2)).not.toEqual(five)
  expect(sampledNumbers(ids, 0.001, 1)).toHaveLength(1)
})

import { ArtifactMissing } from '@gauntlet/artifacts'
import { encodeManifest } from '@gauntlet/datasets/manifest'
import { encodeOutcomes, outcomeFacts } from '@gauntlet/evaluation/outcomes'
import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { classCounts } from './class-counts.ts'

const manifest = encodeManifest({
  format: 'gauntlet-dataset-3',
  dataset: 'flowers',
  sha256: 'a'.repeat(64),
  classes: 3,
  classNames: ['daisy', 'rose', 'tulip'],
  resolution: 8,
  splitSeed: 42,
  images: { digest: 'b'.repeat(64), length: 0 },
  duplicatesDropped: { train: 0, validation: 0 },
  splits: { train: [], validation: [], test: [] },
})
const outcomes = encodeOutcomes(
  [0, 0, 2, 2, 2].map((label, index) => ({
    image: digestOf(index),
    index,
    label,
    prediction: index === 3 ? 1 : label,
    held: index !== 3,
    felledBy: index === 3 ? 'clean' : null,
    run: null,
    margin: index === 3 ? -1 : 1,
    distance: null,
  })),
  outcomeFacts({ name: 'clean', evaluator: { name: 'argmax' } }),
)
const trace = {
  executions: [{ stage: 'prepare-dataset', generated: { manifest: { digest: 'm', size: 1, mediaType: 'x' } } }],
  measurement: { outcomesDigest: 'o' },
} as unknown as Parameters<typeof classCounts>[0]

it('counts the outcomes of each class under its name', async () => {
  const store = { read: (wanted: unknown) => Promise.resolve(wanted === 'o' ? outcomes : manifest) }
  expect(await classCounts(trace, store)).toEqual([
    { name: 'daisy', correct: 2, total: 2 },
    { name: 'rose', correct: 0, total: 0 },
    { name: 'tulip', correct: 2, total: 3 },
  ])
})

it('says why where an artifact is gone', async () => {
  const store = { read: () => Promise.reject(new ArtifactMissing('m'.repeat(64), 'file:store')) }
  expect(await classCounts(trace, store)).toMatch(/m/)
})

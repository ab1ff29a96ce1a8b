import { causeAt, heldAt } from '@gauntlet/analysis'
import { ArtifactMissing } from '@gauntlet/artifacts'
import { measuredStudy } from '@gauntlet/analysis/fixtures/measured-study'
import { encodeOutcomes, type Outcome } from '@gauntlet/evaluation/outcomes'
import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { readOutcomes } from './read-outcomes.ts'

const images = 40
const facts = { epsilon: null, evaluator: 'argmax', evidence: { flags: [], forwards: images, backwards: 0 } }

/** The file of outcomes of which those of `felled` fell, in any order. */
function fileOf(felled: readonly number[]): Uint8Array {
  const outcomes = Array.from({ length: images }, (_, index): Outcome => {
    const held = !felled.includes(index)
    const judged = { label: 1, prediction: held ? 1 : 2, held, felledBy: held ? null : 'clean', run: null }
    return { image: digestOf(index), index, ...judged, margin: held ? 0.5 : -0.5, distance: null }
  })
  return encodeOutcomes(outcomes.toReversed(), { perturbation: 'clean', ...facts })
}

it('reads every file once, and packs it in the order of the images', async () => {
  const { study } = measuredStudy({ losses: ['TRADES'] })
  const read: string[] = []
  const progress: number[] = []
  const store = {
    read: (digest: unknown) => {
      read.push(String(digest))
      return Promise.resolve(fileOf([3, 31, 32]))
    },
  }
  const twice = { ...study, rows: [...study.rows, ...study.rows] }
  const outcomes = await readOutcomes(store, twice, { onProgress: (done) => progress.push(done) })
  expect(read).toHaveLength(15)
  expect(new Set(read)).toEqual(new Set(outcomes.keys()))
  expect(progress).toEqual(read.map((_, i) => i + 1))
  const [first, second] = [...outcomes.values()]
  expect(Array.from({ length: images }, (_, i) => i).filter((i) => !heldAt(first!.held, i))).toEqual([3, 31, 32])
  expect(first!.images[31]).toBe(digestOf(31))
  expect(first!.images).toBe(second!.images)
})

it('keeps what felled each image where it is asked for, in a byte', async () => {
  const { study } = measuredStudy({ losses: ['TRADES'] })
  const store = { read: () => Promise.resolve(fileOf([3, 31, 32])) }
  for (const { felledBy } of (await readOutcomes(store, study)).values()) expect(felledBy).toBeUndefined()
  const outcomes = await readOutcomes(store, study, { withCauses: true })
  expect(outcomes.size).toBe(15)
  for (const { felledBy } of outcomes.values()) {
    expect(felledBy!.places.byteLength).toBe(images)
    expect([30, 31, 32].map((i) => causeAt(felledBy!, i))).toEqual([null, 'clean', 'clean'])
  }
})

it('reads nothing of a claimed study', async () => {
  const { study } = measuredStudy()
  const claimed = study.rows.map((row) => ({
    ...row,
    origins: { clean: { kind: 'claimed' as const, row: 2, column: null } },
  }))
  const store = { read: () => Promise.reject(new Error('nothing is to be read')) }
  expect((await readOutcomes(store, { ...study, rows: claimed })).size).toBe(0)
})

it('leaves out what the store lacks, as of an import without artifacts, and lets any other error out', async () => {
  const { study } = measuredStudy({ losses: ['TRADES'] })
  const done: number[] = []
  const lacking = {
    read: (digest: unknown) => Promise.reject(new ArtifactMissing(digestOf(String(digest)), 'file:///store')),
  }
  expect((await readOutcomes(lacking, study, { onProgress: (count) => done.push(count) })).size).toBe(0)
  expect(done.at(-1)).toBe(15)
  const failing = { read: () => Promise.reject(new Error('the disk is gone')) }
  await expect(readOutcomes(failing, study)).rejects.toThrow('the disk is gone')
})

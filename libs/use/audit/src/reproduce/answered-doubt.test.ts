import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { studyText } from '@gauntlet/contract/fixtures/tiny-plan'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { raiseDoubt, recordReproduction, studyEvidence } from '@gauntlet/ledger'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { recordWholeStudy, type RecordedStudy } from '@gauntlet/ledger-worker/fixtures/recorded-study'
import type { Digest, Json, StageName } from '@gauntlet/study'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { judgeReproduction } from './judge-reproduction.ts'
import { recordedNumber } from './recorded-number.ts'

const ledger = useLedger()

/** Judges and records that a number was computed again from this stage on, with the bytes of the record. */
async function reproduce(
  { worker }: RecordedStudy,
  store: ArtifactStore,
  measurementId: Digest,
  first: StageName,
): Promise<void> {
  const recorded = await recordedNumber(ledger.db, measurementId, first)
  const { stageKey } = recorded.trace.measurement
  const stages = recorded.stages.map((stage) => ({
    stageKey: stage.stageKey,
    codeDigest: stage.identity.codeDigest,
    generated: stage.generated,
    seconds: 1,
    otherPackages: [],
  }))
  const outcomes = recorded.stages.at(-1)!.generated['outcomes']!
  const { environment, environmentClass, host } = worker
  const where = { environment, environmentClass }
  const remade = { measurementId, stages, outcomes, device: 'simulated#0', ...where, host }
  const judged = await judgeReproduction(recorded, remade, { store, scratch: store, tolerance: 0 })
  const { verdict, firstStage } = judged
  const facts = { stageKey, measurementId, code: 'recorded' as const, verdict, firstStage, ...where }
  const details = JSON.parse(JSON.stringify(judged)) as Json
  await recordReproduction(ledger.db, { ...facts, details })
}

it('ends a doubt about trained weights where fine-tuning was among the stages that were executed again', async () => {
  const store = openArtifactStore(pathToFileURL(emptyFolder()).href)
  const study = await recordWholeStudy(ledger.db, store, { text: studyText, images: 20 })
  const numbers = async () => (await studyEvidence(ledger.db, study.name)).measurements
  const { measurementId } = (await numbers())[0]!
  const isDoubted = async () =>
    (await numbers()).find((each) => each.measurementId === measurementId)!.flags.some(({ name }) => name === 'doubted')
  const { stages } = await recordedNumber(ledger.db, measurementId)
  const trained = stages.find(({ identity }) => identity.stage === 'fine-tune')!.generated['trained']!
  await raiseDoubt(ledger.db, trained.digest, 'a worker with bad memory')
  for (const first of ['perturb-and-evaluate', 'checkpoint'] as const) {
    await reproduce(study, store, measurementId, first)
    expect(await isDoubted()).toBe(true)
  }
  await reproduce(study, store, measurementId, 'fine-tune')
  expect(await isDoubted()).toBe(false)
})

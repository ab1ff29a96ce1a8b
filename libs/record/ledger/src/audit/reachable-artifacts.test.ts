import { digestOf, digestOfBytes, stageKey } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { fulfilExecution } from '../executions/fulfil-execution.ts'
import { artifactOf, attemptCalled, configurationWith, fulfilment, studyOf, useLedger } from '../ledger.fixture.ts'
import { reachableArtifacts, stageStates } from './reachable-artifacts.ts'
import { recordAttempt } from '../executions/record-attempt.ts'
import { recordStudy } from '../studies/record-study.ts'

const ledger = useLedger()

it('are what executions used and made, the code and inputs of every key, and the files of studies', async () => {
  const [source, manifest, images] = [artifactOf('source'), artifactOf('manifest'), artifactOf('images')]
  await fulfilExecution(ledger.db, fulfilment('prepare-dataset', { source }, { manifest, images }))
  const input = artifactOf('input of a stage that runs')
  const begun = fulfilment('checkpoint', { trained: input }, {})
  const running = { ...begun, identity: { ...begun.identity, codeDigest: digestOf('code that runs') } }
  await recordAttempt(ledger.db, { ...running, attempt: attemptCalled('it', { endedAt: null }), failure: null })
  const study = studyOf('files', [configurationWith(1)])
  await recordStudy(ledger.db, study)
  await recordStudy(ledger.db, { ...study, file: 'the same study, written in another way' })

  const expected = [source, manifest, images, input].map(({ digest }) => digest)
  const codes = [digestOf('code'), digestOf('code that runs')]
  const files = [study.file, 'the same study, written in another way'].map((text) => digestOfBytes(Buffer.from(text)))
  expect(await reachableArtifacts(ledger.db)).toEqual(new Set([...expected, ...codes, ...files]))
})

it('says how far stages are', async () => {
  const failed = fulfilment('fine-tune', {}, {})
  const cause = { class: 'Transient', message: 'x' }
  await recordAttempt(ledger.db, { ...failed, attempt: attemptCalled('failed'), failure: cause })
  const begun = fulfilment('pretrain-load', {}, {})
  await recordAttempt(ledger.db, { ...begun, attempt: attemptCalled('it', { endedAt: null }), failure: null })
  const done = fulfilment('perturb-and-evaluate', {}, {})
  await fulfilExecution(ledger.db, done)
  const keys = [failed, begun, done].map(({ identity }) => stageKey(identity))
  expect(await stageStates(ledger.db, [...keys, digestOf('unknown')])).toEqual(
    new Map([
      [keys[0], 'open'],
      [keys[1], 'running'],
      [keys[2], 'fulfilled'],
    ]),
  )
})

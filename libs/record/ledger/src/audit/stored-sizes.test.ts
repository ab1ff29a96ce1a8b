import { expect, it } from 'vitest'
import { fulfilExecution } from '../executions/fulfil-execution.ts'
import { artifactOf, fulfilment, useLedger } from '../ledger.fixture.ts'
import { storedSizes } from './stored-sizes.ts'

const ledger = useLedger()

it('counts what each stage made in each role, and equal bytes once', async () => {
  const [one, other] = [artifactOf('one'), artifactOf('other')]
  for (const [seed, trained] of [one, one, other].entries())
    await fulfilExecution(ledger.db, fulfilment('fine-tune', {}, { trained }, { parameters: { seed } }))
  await fulfilExecution(ledger.db, fulfilment('checkpoint', { trained: one }, { checkpoint: one }))
  expect(await storedSizes(ledger.db)).toEqual({
    roles: [
      { stage: 'fine-tune', role: 'trained', made: 3, artifacts: 2, bytes: 8, bytesMade: 11 },
      { stage: 'checkpoint', role: 'checkpoint', made: 1, artifacts: 1, bytes: 3, bytesMade: 3 },
    ],
    bytes: 8,
  })
})

import { expect, it } from 'vitest'
import { executionGraph } from './execution-graph.ts'
import { fulfilExecution } from './fulfil-execution.ts'
import { artifactOf, fulfilment, useLedger } from '../ledger.fixture.ts'

const ledger = useLedger()

it('holds the executions asked for and all that they rest on, and nothing else', async () => {
  const [weights, trained, checkpoint, other] = ['weights', 'trained', 'checkpoint', 'other'].map(artifactOf)
  const training = fulfilment('fine-tune', { parameters: weights! }, { trained: trained! })
  const making = fulfilment('checkpoint', { trained: trained! }, { checkpoint: checkpoint! })
  const unrelated = fulfilment('checkpoint', { trained: other! }, { checkpoint: artifactOf('unrelated') })
  for (const report of [training, making, unrelated]) await fulfilExecution(ledger.db, report)
  const graph = await executionGraph(ledger.db, [making.key])
  expect([...graph.keys()].sort()).toEqual([making.key, training.key].sort())
  expect(graph.get(making.key)).toMatchObject({
    stage: 'checkpoint',
    inputs: { trained: trained!.digest },
    generated: { checkpoint: checkpoint!.digest },
    environment: { cores: 2 },
  })
  expect(await executionGraph(ledger.db, [])).toEqual(new Map())
})

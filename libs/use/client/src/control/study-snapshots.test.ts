import { digestOf } from '@gauntlet/study'
import type { Client } from '@temporalio/client'
import { defaultPayloadConverter } from '@temporalio/common'
import { expect, it } from 'vitest'
import { takeSnapshot } from './study-snapshots.ts'

/** A client of a server on which a study runs, whose workflow task is at this attempt, with activities in flight. */
function clientOf(attempt: number, pendingActivities: object[] = []): Client {
  const handle = {
    describe: async () => ({
      status: { name: 'RUNNING' },
      startTime: new Date(0),
      raw: { pendingWorkflowTask: { attempt }, pendingActivities },
    }),
    query: async () => Promise.reject(new Error('The history does not replay.')),
  }
  return { workflow: { getHandle: () => handle } } as unknown as Client
}

it('tells that a workflow fails its task again and again, and not that a task was lost with its worker', async () => {
  expect(await takeSnapshot(clientOf(12), digestOf('study'))).toMatchObject({ status: 'running', stuck: 1 })
  expect(await takeSnapshot(clientOf(2), digestOf('study'))).not.toHaveProperty('stuck')
})

it('shows what workers say of the stages in flight, and waits for those that only say that they live', async () => {
  const progress = { stage: 'fine-tune', done: 3 }
  const said = [progress, undefined].map((value) => ({
    heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(value)] },
  }))
  const inFlight = clientOf(1, [...said, { heartbeatDetails: null }])
  expect(await takeSnapshot(inFlight, digestOf('study'))).toMatchObject({ stages: [progress] })
})

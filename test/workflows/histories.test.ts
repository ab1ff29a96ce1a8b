import { bundleWorkflows, runnableCode } from '@gauntlet/ledger-worker/versions/bundle-workflows'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { DeterminismViolationError } from '@temporalio/workflow'
import { beforeAll, describe, expect, it } from 'vitest'
import { readHistory, type RecordedHistory } from './history-file.ts'

let workflowBundle: { readonly code: string }
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  workflowBundle = { code: runnableCode(await bundleWorkflows()) }
}, 120_000)

/** Replays each history with the present workflows and gives its error, if there is one. */
async function replay(...histories: RecordedHistory[]): Promise<(Error | undefined)[]> {
  const named = histories.map((history, index) => ({ workflowId: `history-${index}`, history }))
  const errors: (Error | undefined)[] = []
  for await (const { error } of Worker.runReplayHistories({ workflowBundle }, named)) errors.push(error)
  return errors
}

describe('the present workflows', () => {
  it.each([
    ['study', 50],
    ['configuration', 50],
    ['configuration-restarted', 50],
    ['study-extended', 50],
    ['study-extending', 50],
    ['pool', 5],
  ])('replay the recorded history %s', async (name, least) => {
    expect(readHistory(name).events.length).toBeGreaterThan(least)
    expect(await replay(readHistory(name))).toEqual([undefined])
  })

  it('fail to replay a history that was altered', async () => {
    const altered = readHistory('configuration')
    const scheduled = altered.events.find(
      ({ activityTaskScheduledEventAttributes: attributes }) => attributes?.activityType?.name === 'fineTune',
    )
    scheduled!.activityTaskScheduledEventAttributes!.activityType!.name = 'checkpoint'
    const [error] = await replay(altered)
    expect(error).toBeInstanceOf(DeterminismViolationError)
  })
})

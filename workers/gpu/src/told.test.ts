import { digestOf, type StageIdentity } from '@gauntlet/study'
import { ApplicationFailure, CancelledFailure } from '@temporalio/activity'
import { expect, it } from 'vitest'
import { told, type ToldAttempt, type ToldContext } from './told.ts'

const request = { stageKey: digestOf('key'), attempt: 3, identity: { stage: 'fine-tune' } as StageIdentity }

/** Does an attempt, and gives what the log and the metrics were told. */
async function toldOf(
  work: () => Promise<unknown>,
  workflowId = 'configuration/x',
): Promise<{ lines: ToldAttempt[]; recorded: unknown[] }> {
  const [lines, recorded]: [ToldAttempt[], unknown[]] = [[], []]
  const histogram = { record: (seconds: number, tags: unknown) => void recorded.push([seconds, tags]) }
  const context = {
    info: { workflowExecution: { workflowId, runId: 'r' }, priority: { fairnessKey: 's' } },
    metricMeter: { createHistogram: () => histogram },
  } as unknown as ToldContext
  await told(context, request, 'cpu#0', work, (line) => void lines.push(line)).catch(() => undefined)
  return { lines, recorded }
}

it.each([
  ['fulfilled', async () => 'result'],
  ['Preempted', () => Promise.reject(ApplicationFailure.create({ type: 'Preempted', message: 'stop' }))],
  ['Cancelled', () => Promise.reject(new CancelledFailure('cancelled'))],
])('an attempt that ended as %s is one line, and so many seconds of a device', async (outcome, work) => {
  const { lines, recorded } = await toldOf(work)
  const seconds = expect.any(Number) as number
  expect(lines).toEqual([
    {
      event: 'attempt ended',
      at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      study: 's',
      configuration: 'x',
      stage: 'fine-tune',
      stageKey: request.stageKey,
      attempt: 3,
      device: 'cpu#0',
      seconds,
      outcome,
    },
  ])
  expect(recorded).toEqual([[seconds, { stage: 'fine-tune', outcome }]])
})

it('a stage that configurations share is told with the study alone', async () => {
  const { lines } = await toldOf(async () => 'result', 'study/s')
  expect(lines).toMatchObject([{ study: 's', configuration: null, stage: 'fine-tune', attempt: 3 }])
})

it('what an attempt gives or throws is passed on', async () => {
  const context = { info: {}, metricMeter: { createHistogram: () => ({ record: () => undefined }) } }
  const tell = (work: () => Promise<unknown>) =>
    told(context as unknown as ToldContext, request, 'cpu#0', work, () => undefined)
  expect(await tell(async () => 'result')).toBe('result')
  await expect(tell(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
})

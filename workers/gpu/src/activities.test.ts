import type { StageRequest, WorkerDescription } from '@gauntlet/contract'
import { digestOf, stageKey, type StageIdentity } from '@gauntlet/study'
import { asyncLocalStorage, Context } from '@temporalio/activity'
import { afterEach, expect, it, vi } from 'vitest'
import { createGpuActivities } from './activities.ts'

const environmentClass = digestOf('environment')
const identity: StageIdentity = {
  stage: 'checkpoint',
  codeDigest: digestOf('code'),
  environmentClass,
  parameters: {},
  seed: 1,
  inputs: {},
}
const request = { stageKey: stageKey(identity), identity, code: 'checkpoint/Swin', attempt: 1, input: {} }

afterEach(() => void vi.useRealTimers())

it('says that it lives also while it makes the code of a stage, which may take longer than silence is allowed', async () => {
  vi.useFakeTimers()
  const heartbeat = vi.fn<() => void>()
  const nothing = {} as never
  const never = new Promise<never>(() => {})
  const { signal } = new AbortController()
  const context = new Context(nothing, never, signal, heartbeat, nothing, nothing, nothing, nothing)
  const { checkpoint } = createGpuActivities({
    bundles: { ofDigest: () => never },
    description: { environmentClass, host: { environmentClass } } as WorkerDescription,
    draining: { mayBegin: () => true } as never,
    devices: nothing,
    store: nothing,
    revision: nothing,
    worker: 'worker',
    pace: nothing,
  })
  void asyncLocalStorage.run(context, () => checkpoint(request as StageRequest<never>))
  await vi.advanceTimersByTimeAsync(20_000)
  expect(heartbeat.mock.calls.length).toBeGreaterThan(5)
})

import { afterEach, describe, expect, it, vi } from 'vitest'
import { CheckpointPace } from './checkpoint-pace.ts'
import { Draining, type DrainLimits } from './draining.ts'

const code = 'fine-tune/Swin'
const none: DrainLimits = { deadline: null, reserve: 120_000, idle: null }
const made: Draining[] = []
let closed: string[] = []

function drain(limits: Partial<DrainLimits>, pace = new CheckpointPace(60_000)): Draining {
  vi.useFakeTimers({ now: 0 })
  closed = []
  const draining = new Draining({ ...none, ...limits }, pace, (reason) => void closed.push(reason))
  made.push(draining)
  return draining
}

afterEach(() => {
  for (const each of made.splice(0)) each.end()
  vi.useRealTimers()
})

describe('before a deadline', () => {
  it('stages are stopped when the reserve begins, without any signal', () => {
    const draining = drain({ deadline: 600_000 })
    vi.advanceTimersByTime(479_000)
    expect(draining.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1_000)
    expect(draining.signal.aborted).toBe(true)
    expect(closed).toEqual(['the deadline is near'])
  })

  it('a stage is refused that cannot reach a checkpoint, and the worker takes no more while others go on', () => {
    const draining = drain({ deadline: 600_000 })
    vi.advanceTimersByTime(420_000)
    expect(draining.mayBegin(code)).toBe(true)
    vi.advanceTimersByTime(1)
    expect(draining.mayBegin(code)).toBe(false)
    expect(closed).toHaveLength(1)
    expect(draining.signal.aborted).toBe(false)
  })

  it('what a stage needs is what stages of its code have needed, and half as much again', () => {
    const pace = new CheckpointPace(60_000)
    const draining = drain({ deadline: 1_000_000 }, pace)
    let now = 0
    const followed = pace.follow(code, () => now)
    for (const at of [100_000, 500_000, 550_000]) {
      now = at
      followed.safe()
    }
    expect(pace.needed(code)).toBe(600_000)
    expect(pace.needed('fine-tune/ViT')).toBe(60_000)
    vi.advanceTimersByTime(280_001)
    expect(draining.mayBegin('fine-tune/ViT')).toBe(true)
    expect(draining.mayBegin(code)).toBe(false)
  })
})

describe('a worker with a device that cannot be used', () => {
  it('takes no more stages, lets the others go on, and has failed', () => {
    const draining = drain({})
    expect([draining.hasFailed, draining.mayBegin(code)]).toEqual([false, true])
    draining.fail('device#0 does not start')
    expect([draining.hasFailed, draining.mayBegin(code), draining.signal.aborted]).toEqual([true, false, false])
    expect(closed).toEqual(['device#0 does not start'])
  })
})

describe('an idle worker', () => {
  it('ends after its time without a stage, and not while one runs', async () => {
    const draining = drain({ idle: 10_000 })
    let finish = () => {}
    const busy = draining.busy(() => new Promise<void>((resolve) => (finish = resolve)))
    vi.advanceTimersByTime(60_000)
    expect(closed).toEqual([])
    finish()
    await busy
    vi.advanceTimersByTime(9_000)
    expect(closed).toEqual([])
    vi.advanceTimersByTime(1_500)
    expect(closed).toEqual(['no stage came for 10 s'])
  })

  it('waits for ever where nothing else is said', () => {
    drain({})
    vi.advanceTimersByTime(86_400_000)
    expect(closed).toEqual([])
  })
})

it('a signal stops stages at once, and closes once however often it comes', () => {
  const draining = drain({})
  draining.stop('it was sent SIGUSR2')
  draining.stop('it was sent SIGTERM')
  expect(draining.signal.aborted).toBe(true)
  expect(draining.mayBegin(code)).toBe(false)
  expect(closed).toEqual(['it was sent SIGUSR2'])
})

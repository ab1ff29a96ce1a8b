import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJobs, type SlurmJob } from './squeue.ts'
import { elementsWanted, look, needless, submitted, tolerated, untended, type JobEnd, type TendedPool } from './tend.ts'

const now = Date.parse('2026-11-30T12:00:00Z')
const limits = { backlog: 2, maxWorkers: 4 }

function job(id: string, state: SlurmJob['state'], minutes = 60): SlurmJob {
  return { id, state, startedAt: state === 'waiting' ? null : now - 60_000 * minutes }
}

describe('the workers that are submitted', () => {
  it('are one for every two stages that wait, and one where somebody asks what they are', () => {
    expect(elementsWanted({ stages: 5, questions: 0 }, [], limits, now)).toBe(3)
    expect(elementsWanted({ stages: 0, questions: 1 }, [], limits, now)).toBe(1)
    expect(elementsWanted({ stages: 0, questions: 0 }, [], limits, now)).toBe(0)
  })

  it('are fewer by those that wait or have just begun, but not by those that are busy', () => {
    const jobs = [job('1_1', 'waiting'), job('1_2', 'running', 1)]
    expect(elementsWanted({ stages: 6, questions: 0 }, jobs, limits, now)).toBe(1)
    expect(elementsWanted({ stages: 6, questions: 0 }, [job('1_1', 'running')], limits, now)).toBe(3)
  })

  it('are never more than the pool may have', () => {
    const jobs = fc.array(fc.constantFrom(job('a', 'waiting'), job('b', 'running'), job('c', 'ending')))
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(3), jobs, fc.integer({ min: 1, max: 50 }), (stages, questions, there, most) => {
        const wanted = elementsWanted({ stages, questions }, there, { backlog: 1, maxWorkers: most }, now)
        expect(wanted).toBeGreaterThanOrEqual(0)
        if (wanted > 0) expect(wanted + there.length).toBeLessThanOrEqual(most)
      }),
    )
  })

  it('are taken back where they still wait and nothing else does', () => {
    const jobs = [job('1_1', 'waiting'), job('1_2', 'running')]
    expect(needless({ stages: 0, questions: 0 }, jobs)).toEqual([jobs[0]])
    expect(needless({ stages: 0, questions: 1 }, jobs)).toEqual([])
  })
})

describe('a pool is paused', () => {
  /** Looks at jobs that begin and end one after another. */
  function afterJobs(ends: readonly JobEnd[]): TendedPool {
    return ends.reduce((tended, end, index) => {
      const present = look(tended, [job(String(index), 'running')], () => end)
      return look(present, [], () => end)
    }, untended)
  }

  it('after three workers in a row that did not start, and not where one worked in between', () => {
    const failed = 'failed to start'
    expect(afterJobs([failed, failed]).paused).toBeNull()
    expect(afterJobs([failed, failed, 'worked', failed, failed]).paused).toBeNull()
    expect(afterJobs([failed, failed, failed]).paused).toBe('3 workers in a row ended before they were ready')
  })

  it('not by jobs that were taken back before they began', () => {
    expect(afterJobs(Array.from({ length: 9 }, () => 'never began' as const)).paused).toBeNull()
  })

  it('after ten submissions in a row that SLURM refused', () => {
    const refuse = (tended: TendedPool) => submitted(tended, 'invalid partition')
    let tended = untended
    for (let time = 1; time < tolerated.refused; time++) tended = refuse(tended)
    expect(submitted(tended, null).refused).toBe(0)
    expect(tended.paused).toBeNull()
    expect(refuse(tended).paused).toBe('SLURM refused 10 submissions in a row: invalid partition')
  })
})

it('jobs are read from what squeue prints', () => {
  const printed = '12_1|RUNNING|2026-11-30T11:58:00\n12_2|PENDING|N/A\n12_3|COMPLETING|2026-11-30T11:00:00\n'
  expect(parseJobs(printed)).toEqual([
    { id: '12_1', state: 'running', startedAt: new Date('2026-11-30T11:58:00').getTime() },
    { id: '12_2', state: 'waiting', startedAt: null },
    { id: '12_3', state: 'ending', startedAt: new Date('2026-11-30T11:00:00').getTime() },
  ])
})

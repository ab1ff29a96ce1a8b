import { expect, it } from 'vitest'
import { reportedAttempt } from './reported-attempt.ts'

const report = { attempt: 2, workflow: { workflowId: 'configuration/x', runId: 'run' }, environment: { cores: 2 } }

it('has one id however often an attempt is reported, and another for the next attempt', () => {
  const ids = [report, { ...report, environment: null }, { ...report, attempt: 3 }].map(
    (reported) => reportedAttempt(reported, {}).id,
  )
  expect(ids).toEqual(['run/2', 'run/2', 'run/3'])
})

it('keeps what the evidence says beyond worker, device and times as details', () => {
  const evidence = { worker: 'gpu-1', device: 'cuda:0', startedAt: '2026-01-01T00:00:00.000Z', microBatch: 8 }
  expect(reportedAttempt(report, evidence)).toEqual({
    id: 'run/2',
    number: 2,
    worker: 'gpu-1',
    device: 'cuda:0',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    workflowId: 'configuration/x',
    runId: 'run',
    environment: { cores: 2 },
    details: { microBatch: 8 },
  })
})

it('fills in what a lost worker could not say', () => {
  const { worker, device, startedAt } = reportedAttempt(report, {})
  expect([worker, device]).toEqual(['unknown', null])
  expect(Date.parse(startedAt)).not.toBeNaN()
})

import type { StudySnapshot } from '@gauntlet/client'
import { expect, it } from 'vitest'
import { snapshotText } from './progress-line.ts'

const attempt = {
  stageKey: 'c0',
  worker: 'gpu@host/1',
  device: 'cpu#0',
  startedAt: '2026-01-01T00:00:00Z',
  unit: 'images',
} as const
const unspent = { paused: null, deviceSeconds: 0, budgetSeconds: null, failures: [] }
const snapshot = (total: number, stages: StudySnapshot['stages'] = []): StudySnapshot => ({
  status: 'running',
  progress: { total, ended: { measured: 2, diverged: 1, failed: 0, skipped: 0 }, running: [], slowest: [], ...unspent },
  stages,
})

it('counts configurations however they ended, and the progress of the stages in flight', () => {
  const stages = [
    { ...attempt, stage: 'fine-tune', done: 40, total: 100, imagesPerSecond: 200.4 },
    { ...attempt, stage: 'perturb-and-evaluate', done: 0, total: 0 },
  ] as const
  expect(snapshotText(snapshot(5, stages), 70)).toBe(
    '3/5 configurations · fine-tune 40 % · perturb-and-evaluate · 200 images/s · 1 min 10 s left',
  )
})

it('says which stages are attempted again', () => {
  const stages = [
    { ...attempt, attempt: 1, stage: 'fine-tune', done: 40, total: 100 },
    { ...attempt, attempt: 7, stage: 'checkpoint', done: 0, total: 0 },
  ] as const
  expect(snapshotText(snapshot(5, stages), null)).toBe('3/5 configurations · fine-tune 40 % · checkpoint (attempt 7)')
})

it('says what it waits for while there is nothing to count', () => {
  expect(snapshotText(snapshot(0), null)).toBe('starting')
  expect(snapshotText({ status: 'running', progress: null, stages: [] }, null)).toBe('waiting for workers')
  expect(snapshotText({ status: 'unreachable', progress: null, stages: [] }, 70)).toBe('waiting for Temporal')
})

it('says that workflows fail again and again', () => {
  expect(snapshotText({ ...snapshot(5), stuck: 2 }, null)).toBe(
    '3/5 configurations · 2 cannot go on: see the log of the ledger worker',
  )
})

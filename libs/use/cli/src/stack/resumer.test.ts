import { studyWorkflowId, type StudyProgress } from '@gauntlet/contract'
import type { Client } from '@gauntlet/client'
import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { resumer } from './resumer.ts'

const id = digestOf('study')
const counts = { measured: 0, diverged: 0, failed: 0, skipped: 0 }

function progress(changes: Partial<StudyProgress>): StudyProgress {
  const none = { running: [], slowest: [], failures: [] }
  return { total: 4, ended: counts, paused: null, deviceSeconds: 60, budgetSeconds: null, ...none, ...changes }
}

/** A client that remembers the updates that it is asked to send. */
function recording() {
  const updates: unknown[] = []
  const executeUpdate = (name: string, { args }: { args: unknown[] }) =>
    Promise.resolve(updates.push([name, ...args]) && progress({}))
  const workflow = { getHandle: (name: string) => (expect(name).toBe(studyWorkflowId(id)), { executeUpdate }) }
  return { updates, client: { workflow } as unknown as Client }
}

const spent = { paused: 'budget', deviceSeconds: 3_600, budgetSeconds: 3_600 } as const

it('lifts a budget that is spent when none is asked for', async () => {
  const { client, updates } = recording()
  const resume = resumer(client, id, { budgetSeconds: null })
  await resume(null) // the study has not answered yet
  await resume(progress(spent))
  await resume(progress({ running: ['configuration/1'] }))
  expect(updates).toEqual([['resume', { budgetSeconds: null }]])
})

it('gives a study that runs the budget that was asked for, and leaves one that has it', async () => {
  const other = recording()
  await resumer(other.client, id, { budgetSeconds: 7_200 })(progress({ budgetSeconds: 3_600 }))
  expect(other.updates).toEqual([['resume', { budgetSeconds: 7_200 }]])
  const same = recording()
  await resumer(same.client, id, { budgetSeconds: 3_600 })(progress({ budgetSeconds: 3_600 }))
  await resumer(same.client, id, {})(progress({ budgetSeconds: 3_600 }))
  expect(same.updates).toEqual([])
})

it('fails once a budget is spent and nothing is in flight, and says what to give', async () => {
  const { client, updates } = recording()
  const resume = resumer(client, id, {})
  await resume(progress(spent)) // it was paused before this command
  expect(updates).toEqual([['resume', {}]])
  await resume(progress({ ...spent, running: ['configuration/1'] }))
  await expect(resume(progress(spent))).rejects.toThrow(
    'The budget is spent, and the study is paused; raise it with: --budget <hours>, or lift it with: --budget none',
  )
})

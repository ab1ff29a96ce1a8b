import { expect, it } from 'vitest'
import { StudyTally } from './study-tally.ts'

it('keeps of a message also what its end says to change', () => {
  const tally = new StudyTally({
    ended: { measured: 0, diverged: 0, failed: 0, skipped: 0 },
    failed: [],
    deviceSeconds: 0,
  })
  const digest = 'f'.repeat(64)
  const message = `/a/folder has SHA-256 ${digest}, not ${digest}; if these are the right bytes, pin their digest (or remove the source from the study’s lock file), else restore them.`
  tally.end(0, 'resnet18', {
    outcome: 'failed',
    failures: [{ stage: 'prepare-dataset', failureClass: 'InvalidInput', message }],
  })
  expect(tally.failures()).toMatchObject([{ message }])
})

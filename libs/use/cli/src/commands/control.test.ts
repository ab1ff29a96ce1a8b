import { expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { callCommand } from './call-command.fixture.ts'
import { addControl, retriedSentence, summary } from './control.ts'

it('says in a few lines how many are in which state, what it cost, why numbers are missing, and what is slowest', () => {
  const label = 'digits · resnet50 · TRADES · FFT-50 · seed 1'
  const progress = {
    total: 14_400,
    ended: { measured: 10_000, diverged: 3, failed: 40, skipped: 7 },
    running: ['configuration/1', 'configuration/2'],
    slowest: [label],
    paused: null,
    deviceSeconds: 7_200,
    budgetSeconds: 36_000,
    failures: [
      { stage: 'fine-tune', failureClass: 'OutOfMemory', backbone: 'resnet50', configurations: 40, message: 'no room' },
    ],
  } as const
  const slowest = [{ label, since: '2026-11-30T10:00:00.000Z' }]
  expect(summary(progress, slowest, Date.parse('2026-11-30T12:30:00.000Z'))).toBe(
    [
      '10000 measured, 3 diverged, 40 failed, 7 skipped, 2 in flight, 4348 waiting; 2 h 0 min of 10 h 0 min of device time',
      '  40 × fine-tune OutOfMemory (resnet50): no room',
      '  in flight for 2 h 30 min: digits · resnet50 · TRADES · FFT-50 · seed 1',
    ].join('\n'),
  )
})

it.each([
  ['--class', 'Bugs', 'There is no failure class Bugs; there is '],
  ['--stage', 'fine-tuning', 'There is no stage fine-tuning; choose among prepare-dataset, pretrain-load, '],
  ['--backbone', 'resnet50', 'quickstart has no backbone resnet50; choose among '],
  ['--row', '0', '"0" is no row of the table; '],
])('refuses to retry by %s %s, which matches nothing', async (option, value, sentence) => {
  const retried = callCommand(addControl, 'retry', 'quickstart', option, value)
  await expect(retried).rejects.toThrow(Misuse)
  await expect(retried).rejects.toThrow(sentence)
})

it.each([
  [undefined, []],
  [0, ['No failed configuration is meant, so none is tried again.']],
  [2, ['2 configurations to be tried again.']],
])('says of a retry how many it is about: %s', (retried, sentence) => {
  expect(retriedSentence(retried)).toEqual(sentence)
})

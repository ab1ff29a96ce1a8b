import { expect, it } from 'vitest'
import { CommandFailed } from './command-failed.ts'
import { interruptible } from './interruptible.ts'

it('resolves to the result of the work', async () => {
  expect(await interruptible('not interrupted', () => Promise.resolve(7))).toBe(7)
})

it('fails with the error of the work', async () => {
  const failure = new Error('broken')
  await expect(interruptible('not interrupted', () => Promise.reject(failure))).rejects.toBe(failure)
})

it.each(['SIGINT', 'SIGTERM'] as const)(
  'on %s fails with its own message, whatever the interrupted work throws',
  async (signal) => {
    const interrupted = interruptible('Go on with: gauntlet run x', async (aborted) => {
      process.emit(signal)
      expect(aborted.aborted).toBe(true)
      throw new Error('a child got the same signal')
    })
    await expect(interrupted).rejects.toEqual(new CommandFailed('Go on with: gauntlet run x'))
  },
)

it('handles signals no longer than the work lasts', async () => {
  const before = process.listenerCount('SIGINT')
  await interruptible('not interrupted', () =>
    Promise.resolve(expect(process.listenerCount('SIGINT')).toBe(before + 1)),
  )
  expect(process.listenerCount('SIGINT')).toBe(before)
})

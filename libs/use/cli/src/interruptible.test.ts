import { expect, it } from 'vitest'
import { CommandFailed } from './command-failed.ts'
import { interruptible } from './interruptible.ts'

it('gives back what the work gives', async () => {
  expect(await interruptible('never said', () => Promise.resolve(7))).toBe(7)
})

it('lets a failure of the work through as it is', async () => {
  const failure = new Error('broken')
  await expect(interruptible('never said', () => Promise.reject(failure))).rejects.toBe(failure)
})

it.each(['SIGINT', 'SIGTERM'] as const)(
  'on %s ends with its own message, whatever the interrupted work says',
  async (signal) => {
    const interrupted = interruptible('Go on with: gauntlet run x', async (aborted) => {
      process.emit(signal)
      expect(aborted.aborted).toBe(true)
      throw new Error('a child got the same signal')
    })
    await expect(interrupted).rejects.toEqual(new CommandFailed('Go on with: gauntlet run x'))
  },
)

it('listens to signals no longer than the work lasts', async () => {
  const before = process.listenerCount('SIGINT')
  await interruptible('never said', () => Promise.resolve(expect(process.listenerCount('SIGINT')).toBe(before + 1)))
  expect(process.listenerCount('SIGINT')).toBe(before)
})

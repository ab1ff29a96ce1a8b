import { expect, it } from 'vitest'
import { CommandFailed } from './command-failed.ts'
import { hasTerminal, interruptible } from './interruptible.ts'

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
    const interrupted = interruptible('Go on with: npx gauntlet run x', async (aborted) => {
      process.emit(signal)
      expect(aborted.aborted).toBe(true)
      throw new Error('a child got the same signal')
    })
    await expect(interrupted).rejects.toEqual(new CommandFailed('Go on with: npx gauntlet run x'))
  },
)

it('ends at a hang-up where there is a terminal, and goes on where there is none, as nohup expects', async () => {
  const terminal = (isTTY: boolean) => ({ isTTY }) as never
  for (const [stdin, stderr, ends] of [
    [true, true, true],
    [false, true, true],
    [true, false, true],
    [false, false, false],
  ] as const)
    expect(hasTerminal({ stdin: terminal(stdin), stdout: terminal(false), stderr: terminal(stderr) })).toBe(ends)
  const before = process.listenerCount('SIGHUP')
  await interruptible('not interrupted', () =>
    Promise.resolve(expect(process.listenerCount('SIGHUP')).toBe(before + (hasTerminal() ? 1 : 0))),
  )
})

it('handles signals no longer than the work lasts', async () => {
  const before = process.listenerCount('SIGINT')
  await interruptible('not interrupted', () =>
    Promise.resolve(expect(process.listenerCount('SIGINT')).toBe(before + 1)),
  )
  expect(process.listenerCount('SIGINT')).toBe(before)
})

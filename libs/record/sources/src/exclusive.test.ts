import { fork } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exclusively } from './exclusive.mjs'
import { processIdentity } from './process-identity.mjs'
import { emptyFolder } from './server.fixture.ts'

function run(lock: string, counter: string, mode = ''): Promise<unknown> {
  const child = fork(join(import.meta.dirname, 'exclusive.fixture.mjs'), [lock, counter, mode])
  return new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)))
}

describe('an exclusive action', () => {
  it('never overlaps with that of another process', async () => {
    const folder = emptyFolder()
    const [lock, counter] = [join(folder, 'lock'), join(folder, 'counter')]
    writeFileSync(counter, '0')
    expect(await Promise.all([1, 2, 3].map(() => run(lock, counter)))).toEqual([0, 0, 0])
    expect(readFileSync(counter, 'utf8')).toBe('300')
    expect(existsSync(lock)).toBe(false)
  })

  it('follows at once on a holder that was killed, one waiter after the other', async () => {
    const folder = emptyFolder()
    const [lock, counter] = [join(folder, 'lock'), join(folder, 'counter')]
    writeFileSync(counter, '0')
    expect(await run(lock, counter, 'die')).toBe('SIGKILL')
    expect(existsSync(lock)).toBe(true)
    await Promise.all([1, 2, 3].map(() => run(lock, counter)))
    expect(readFileSync(counter, 'utf8')).toBe('300')
  })

  it('is not kept out by a stranger who got the pid of the holder', async () => {
    const lock = join(emptyFolder(), 'lock')
    writeFileSync(lock, JSON.stringify({ pid: process.ppid, identity: 'another start' }))
    expect(await exclusively(lock, async () => 'done')).toBe('done')
  })

  it('gives up waiting when it is told to, and says whom it waits for', async () => {
    const lock = join(emptyFolder(), 'lock')
    writeFileSync(lock, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }))
    const holders: number[] = []
    const waiting = exclusively(lock, async () => 'done', {
      signal: AbortSignal.timeout(50),
      onWait: (pid) => holders.push(pid),
    })
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(holders).toEqual([process.pid])
  })

  it('opens the lock when it fails', async () => {
    const lock = join(emptyFolder(), 'lock')
    await expect(exclusively(lock, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    expect(existsSync(lock)).toBe(false)
  })
})

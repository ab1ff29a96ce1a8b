import { fork } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exclusively } from './exclusive.mjs'
import { processIdentity } from './process-identity.mjs'
import { emptyFolder } from './empty-folder.fixture.ts'

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

  it('starts at once after a holder was killed, one waiter after the other', async () => {
    const folder = emptyFolder()
    const [lock, counter] = [join(folder, 'lock'), join(folder, 'counter')]
    writeFileSync(counter, '0')
    expect(await run(lock, counter, 'die')).toBe('SIGKILL')
    expect(existsSync(lock)).toBe(true)
    await Promise.all([1, 2, 3].map(() => run(lock, counter)))
    expect(readFileSync(counter, 'utf8')).toBe('300')
  })

  it('does not wait for another process that got the pid of a dead holder', async () => {
    const lock = join(emptyFolder(), 'lock')
    writeFileSync(lock, JSON.stringify({ pid: process.ppid, identity: 'another start' }))
    expect(await exclusively(lock, async () => 'done')).toBe('done')
  })

  it('stops waiting when it is told to, and names the process it waits for', async () => {
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

  it('releases the lock when it fails', async () => {
    const lock = join(emptyFolder(), 'lock')
    await expect(exclusively(lock, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    expect(existsSync(lock)).toBe(false)
  })
})

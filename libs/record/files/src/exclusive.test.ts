import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { exclusively } from './exclusive.mjs'
import { isThisHost, thisHost, type Host } from './host.mjs'
import { processIdentity } from './process-identity.mjs'
import { emptyFolder } from './empty-folder.fixture.ts'

function run(lock: string, counter: string, mode = ''): Promise<unknown> {
  const child = fork(join(import.meta.dirname, 'exclusive.fixture.mjs'), [lock, counter, mode])
  return new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)))
}

/** An action of another process, in which a function of the file system finds no room; it says what comes of it. */
function runOnFullDisk(call: 'writeFileSync' | 'openSync', lock: string, milliseconds: number) {
  const script = `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    import { setTimeout as sleep } from 'node:timers/promises'
    import { exclusively } from ${JSON.stringify(new URL('./exclusive.mjs', import.meta.url).href)}
    fs.${call} = () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    }
    syncBuiltinESMExports()
    const said = exclusively(${JSON.stringify(lock)}, async () => {
      process.stdout.write('begun')
      await sleep(${milliseconds})
      fs.mkdirSync(${JSON.stringify(`${lock}.ended`)})
    })
    await said.catch((error) => process.stdout.write(String(error)))`
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
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

  it('begins although a process was killed while it removed the lock of a dead holder', async () => {
    const lock = join(emptyFolder(), 'lock')
    writeFileSync(lock, JSON.stringify({ pid: process.ppid, identity: 'another start' }))
    writeFileSync(`${lock}.break`, '')
    utimesSync(`${lock}.break`, new Date(0), new Date(0))
    expect(await exclusively(lock, async () => 'done')).toBe('done')
    expect(existsSync(`${lock}.break`)).toBe(false)
  })

  it('waits while another process removes the lock of a dead holder', async () => {
    const lock = join(emptyFolder(), 'lock')
    writeFileSync(lock, JSON.stringify({ pid: process.ppid, identity: 'another start' }))
    writeFileSync(`${lock}.break`, '')
    const waiting = exclusively(lock, async () => 'done', { signal: AbortSignal.timeout(300) })
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(existsSync(lock)).toBe(true)
  })

  it('stops waiting when it is told to, and names the process it waits for', async () => {
    const lock = join(emptyFolder(), 'lock')
    writeFileSync(lock, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }))
    const holders: unknown[] = []
    const waiting = exclusively(lock, async () => 'done', {
      signal: AbortSignal.timeout(50),
      onWait: (holder) => holders.push(holder?.pid),
    })
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(holders).toEqual([process.pid])
  })

  it('releases the lock when it fails', async () => {
    const lock = join(emptyFolder(), 'lock')
    await expect(exclusively(lock, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    expect(existsSync(lock)).toBe(false)
  })

  it('leaves the next holder’s lock alone when its own was taken away', async () => {
    const lock = join(emptyFolder(), 'lock')
    const next = JSON.stringify(heldBy(elsewhere))
    await exclusively(lock, async () => writeFileSync(lock, next))
    expect(readFileSync(lock, 'utf8')).toBe(next)
  })

  it('renews its lock while it lasts, so that other hosts see that it lives', async () => {
    const lock = join(emptyFolder(), 'lock')
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      await exclusively(lock, async () => {
        for (let minute = 0; minute < 2; minute++) {
          utimesSync(lock, new Date(0), new Date(0))
          vi.advanceTimersByTime(60_000)
          expect(Date.now() - statSync(lock).mtimeMs).toBeLessThan(10_000)
        }
      })
    } finally {
      vi.useRealTimers()
    }
  })

  describe('on a full disk', () => {
    it('runs alone for as long as it takes, so that services can be stopped', async () => {
      const lock = join(emptyFolder(), 'lock')
      const other = runOnFullDisk('writeFileSync', lock, 2_500)
      await once(other.stdout, 'data')
      expect(readFileSync(lock, 'utf8')).toBe('')
      await exclusively(lock, async () => expect(existsSync(`${lock}.ended`)).toBe(true))
      expect(existsSync(lock)).toBe(false)
    })

    it('is refused by the name of its lock where not even an empty file has room', async () => {
      const lock = join(emptyFolder(), 'lock')
      const { stdout } = runOnFullDisk('openSync', lock, 0)
      expect(await text(stdout)).toMatch(`DiskFull: The disk is full while writing ${lock}; free some space`)
    })
  })

  /** Process ids of the other host say nothing here, even if a process of this one has the same. */
  describe('under a lock of another host', () => {
    it('waits while the holder renews it', async () => {
      const lock = join(emptyFolder(), 'lock')
      writeFileSync(lock, JSON.stringify(heldBy(elsewhere)))
      const renewing = setInterval(() => utimesSync(lock, new Date(), new Date()), 20)
      const waiting = exclusively(lock, async () => 'done', { signal: AbortSignal.timeout(500), silence: 150 })
      await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
      clearInterval(renewing)
    })

    it('begins when the holder has not renewed it for long enough, one waiter after the other', async () => {
      const lock = join(emptyFolder(), 'lock')
      writeFileSync(lock, JSON.stringify(heldBy(elsewhere)))
      utimesSync(lock, new Date(0), new Date(0)) // the clock of the file server does not matter
      const started = performance.now()
      let running = 0
      const waiters = Array.from({ length: 3 }, () =>
        exclusively(
          lock,
          async () => {
            expect(++running).toBe(1)
            await sleep(20)
            running--
          },
          { silence: 150 },
        ),
      )
      await Promise.all(waiters)
      expect(performance.now() - started).toBeGreaterThanOrEqual(150)
    })

    it('does not remove the lock of the next holder, which another waiter let in meanwhile', async () => {
      const lock = join(emptyFolder(), 'lock')
      const next = JSON.stringify({ ...heldBy(thisHost()), id: 'the next holding' })
      writeFileSync(lock, JSON.stringify(heldBy(elsewhere)))
      const script = `
        import fs from 'node:fs'
        import { syncBuiltinESMExports } from 'node:module'
        import { exclusively } from ${JSON.stringify(new URL('./exclusive.mjs', import.meta.url).href)}
        const { openSync } = fs
        fs.openSync = (path, ...rest) => {
          if (path.endsWith('.break')) fs.writeFileSync(${JSON.stringify(lock)}, ${JSON.stringify(next)})
          return openSync(path, ...rest)
        }
        syncBuiltinESMExports()
        const options = { silence: 100, signal: AbortSignal.timeout(1_500) }
        const said = exclusively(${JSON.stringify(lock)}, async () => 'begun', options)
        process.stdout.write(await said.catch(({ name }) => name))`
      const { stdout } = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      expect(await text(stdout)).toBe('TimeoutError')
      expect(readFileSync(lock, 'utf8')).toBe(next)
    })

    it('does not take another boot, another container or another network of this machine for itself', () => {
      for (const difference of [{ name: 'b' }, { machine: 'b' }, { boot: 'b' }, { namespaces: 'b' }])
        expect(isThisHost({ ...thisHost(), ...difference })).toBe(false)
      expect(isThisHost({ ...thisHost() })).toBe(true)
      expect(isThisHost(undefined)).toBe(true)
    })
  })
})

const elsewhere: Host = { name: 'elsewhere', machine: 'its id', boot: 'another boot', namespaces: '' }

function heldBy(host: Host) {
  return { pid: process.pid, identity: processIdentity(process.pid), host, id: 'its holding' }
}

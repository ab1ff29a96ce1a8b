import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity } from '@gauntlet/files'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { livingProcess, pidFile, type LivingProcess } from './process-record.ts'
import { serviceStatus, stopServices } from './services.ts'
import { ProcessNeeded, startProcess } from './start-process.ts'
import { stopProcess } from './stop-process.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gauntlet-process-'))
})
afterEach(async () => {
  for (const { name } of serviceStatus(home)) await stopProcess(home, name, { limitMilliseconds: 100 })
  rmSync(home, { recursive: true, force: true })
})

const shell = (name: string, script: string, env: NodeJS.ProcessEnv = {}) => ({
  name,
  command: '/bin/sh',
  args: ['-c', script],
  env,
})

describe('a started process', () => {
  it('is returned again while it lives and was started in the same way', async () => {
    const first = await startProcess(home, shell('worker', 'sleep 60'))
    expect(await startProcess(home, shell('worker', 'sleep 60'))).toEqual(first)
  })

  it('is replaced when it is to be started in another way', async () => {
    const first = await startProcess(home, shell('worker', 'sleep 60', { ADDRESS: 'old' }))
    const second = await startProcess(home, shell('worker', 'sleep 60', { ADDRESS: 'new' }))
    expect(second.pid).not.toBe(first.pid)
    expect(processIdentity(first.pid)).toBeUndefined()
  })

  it('is replaced by another version of itself, unless somebody needs it', async () => {
    const older = { ...shell('worker', 'sleep 60'), version: 'older' }
    const newer = { ...older, version: 'newer' }
    const first = await startProcess(home, older)
    await expect(startProcess(home, { ...newer, mayReplace: () => false })).rejects.toBeInstanceOf(ProcessNeeded)
    expect(await startProcess(home, { ...older, mayReplace: () => false })).toEqual(first)
    const second = await startProcess(home, { ...newer, mayReplace: () => true })
    expect(second.pid).not.toBe(first.pid)
    expect(processIdentity(first.pid)).toBeUndefined()
  })

  it('is left as it is where only its version is another one, if that is said', async () => {
    const older = { ...shell('worker', 'sleep 60'), version: 'older' }
    const newer = { ...older, version: 'newer', keeps: ({ version }: LivingProcess) => version === 'older' }
    const first = await startProcess(home, older)
    expect(await startProcess(home, newer)).toEqual(first)
    const elsewhere = await startProcess(home, { ...newer, env: { ADDRESS: 'new' } })
    expect(elsewhere.pid).not.toBe(first.pid)
  })

  it('writes what it prints to its log, and its environment nowhere', async () => {
    const { log } = await startProcess(
      home,
      shell('worker', 'echo "working for $WHO"; sleep 60', { WHO: 'gauntlet', SECRET: 'hunter2' }),
    )
    while (!readFileSync(log, 'utf8').includes('\n')) await sleep(10)
    expect(readFileSync(log, 'utf8')).toBe('working for gauntlet\n')
    expect(readFileSync(join(home, 'services', 'worker.json'), 'utf8')).not.toContain('hunter2')
  })

  it('ends with its children when it is stopped, and those of a killed one end at the next start', async () => {
    const family = shell('worker', 'sleep 60 & echo $!; wait')
    const childOf = async (log: string, line: number) => {
      while (readFileSync(log, 'utf8').split('\n').length < line + 1) await sleep(10)
      return Number(readFileSync(log, 'utf8').split('\n')[line - 1])
    }
    const first = await startProcess(home, family)
    const child = await childOf(first.log, 1)
    process.kill(first.pid, 'SIGKILL')
    while (livingProcess(home, 'worker')) await sleep(10)
    expect(processIdentity(child)).toBeDefined()
    const second = await startProcess(home, family)
    const grandchild = await childOf(second.log, 2)
    expect(await gone(child)).toBe(true)
    await stopProcess(home, 'worker')
    expect(await gone(grandchild)).toBe(true)
  })

  it('has the time to end that it was started with, and somebody is told once of a long wait', async () => {
    const slow = (env: NodeJS.ProcessEnv = {}) =>
      shell('worker', 'trap "sleep 3.5; exit" TERM; while :; do sleep 0.05; done', env)
    const told: unknown[] = []
    const onWait = (...what: unknown[]) => told.push(what)
    const first = await startProcess(home, { ...slow(), drainMilliseconds: 100 })
    expect(await startProcess(home, { ...slow(), drainMilliseconds: 60_000 })).toEqual(first)
    await sleep(100)
    let asked = Date.now()
    await startProcess(home, { ...slow({ ADDRESS: 'new' }), drainMilliseconds: 60_000, onWait })
    expect(Date.now() - asked).toBeLessThan(3_000)
    expect(told).toEqual([])
    await sleep(100)
    asked = Date.now()
    await stopServices(home, { onWait })
    expect(Date.now() - asked).toBeGreaterThan(3_500)
    expect(told).toEqual([['worker', 60]])
  }, 20_000)

  it('takes nobody else’s process group with it whose leader got its pid, and has ended too', async () => {
    const { pid } = await startProcess(home, shell('worker', 'sleep 60'))
    process.kill(pid, 'SIGKILL')
    while (livingProcess(home, 'worker')) await sleep(10)
    const foreign = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [member] = (await once(foreign.stdout, 'data')).map(Number) as [number]
    try {
      while (processIdentity(foreign.pid!) !== undefined) await sleep(10)
      const note = readFileSync(pidFile(home, 'worker'), 'utf8')
      writeFileSync(pidFile(home, 'worker'), note.replace(` ${pid} (`, ` ${foreign.pid} (`))
      await stopProcess(home, 'worker')
      await startProcess(home, shell('worker', 'sleep 60'))
      expect(processIdentity(member)).toBeDefined()
    } finally {
      process.kill(member, 'SIGKILL')
    }
  })

  it('is killed when it does not end in time', async () => {
    const { pid } = await startProcess(home, shell('worker', 'trap "" TERM; while true; do sleep 0.05; done'))
    await sleep(100)
    const started = Date.now()
    expect(await stopProcess(home, 'worker', { limitMilliseconds: 200 })).toBe(true)
    expect(Date.now() - started).toBeGreaterThanOrEqual(200)
    expect(processIdentity(pid)).toBeUndefined()
    expect(await stopProcess(home, 'worker')).toBe(false)
  })
})

async function gone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 2_000 && processIdentity(pid) !== undefined; waited += 10) await sleep(10)
  return processIdentity(pid) === undefined
}

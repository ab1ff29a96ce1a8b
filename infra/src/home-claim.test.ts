import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { thisHost } from '@gauntlet/files'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { beforeEach, describe, expect, it } from 'vitest'
import { claimHome, HomeElsewhere } from './home-claim.ts'
import { startPostgres } from './postgres.ts'
import { livingProcess, readPidFile, writeRecord } from './process-record.ts'
import { serviceStatus, stopServices } from './services.ts'
import { startProcess } from './start-process.ts'
import { stopProcess } from './stop-process.ts'
import { startTemporal } from './temporal.ts'

let home: string
let claim: string

beforeEach(() => {
  home = emptyFolder()
  claim = join(home, 'services', 'host')
  mkdirSync(join(home, 'services'))
})

function claimedBy(difference: object): void {
  writeFileSync(claim, JSON.stringify({ host: { ...thisHost(), ...difference }, since: '2026-01-01T00:00:00.000Z' }))
}

describe('a home that another host has', () => {
  const differences = [
    { name: 'node-7' },
    { machine: 'other' },
    { machine: '', boot: 'other' },
    { namespaces: 'other' },
  ]

  it.each(differences)('is refused before anything is started, read or stopped: %j', async (difference) => {
    claimedBy(difference)
    const process = { name: 'sleep', command: 'sleep', args: ['1'] }
    for (const use of [
      () => startPostgres(home),
      () => startTemporal(home),
      () => startProcess(home, process),
      () => stopProcess(home, 'sleep'),
      () => stopServices(home),
      () => claimHome(home),
      async () => serviceStatus(home),
    ])
      await expect(use()).rejects.toThrow(HomeElsewhere)
    expect(existsSync(join(home, 'postgres'))).toBe(false)
    expect(existsSync(join(home, 'temporal'))).toBe(false)
  })

  it('is refused in one sentence that names the host and says what to do', async () => {
    claimedBy({ name: 'node-7' })
    await expect(claimHome(home)).rejects.toThrow(
      `${home} has been in use on host node-7 since 2026-01-01T00:00:00.000Z; run \`npx gauntlet down\` there, or set GAUNTLET_HOME to another folder here (if nothing runs there any more, delete ${claim}).`,
    )
    claimedBy({ namespaces: 'another container' })
    await expect(claimHome(home)).rejects.toThrow('in another container or namespace than this one')
  })

  it('can be had once the other one has stopped its services', async () => {
    await claimHome(home)
    await stopServices(home)
    expect(existsSync(claim)).toBe(false)
    await claimHome(home)
    expect(JSON.parse(readFileSync(claim, 'utf8'))).toMatchObject({ host: thisHost() })
  })
})

describe('a home after a restart of this machine', () => {
  it('can be had at once', async () => {
    claimedBy({ boot: 'the one before' })
    // A machine without an id, such as a container, may be another one of the same name.
    if (thisHost().machine === '') return expect(claimHome(home)).rejects.toThrow(HomeElsewhere)
    await claimHome(home)
    expect(JSON.parse(readFileSync(claim, 'utf8'))).toMatchObject({ host: thisHost() })
  })
})

describe('the record of a process of another host', () => {
  it('says nothing about the processes here, even if one has the same id and start', async () => {
    const living = await startProcess(home, { name: 'sleep', command: 'sleep', args: ['60'] })
    try {
      expect(livingProcess(home, 'sleep')).toMatchObject({ pid: living.pid })
      const { pid: _, ...record } = living
      await writeRecord(home, { ...record, host: { ...thisHost(), name: 'node-7' } })
      expect(livingProcess(home, 'sleep')).toBeUndefined()
      expect(readPidFile(home, 'sleep')).toBeUndefined()
      await stopProcess(home, 'sleep')
      process.kill(living.pid, 0)
    } finally {
      process.kill(living.pid, 'SIGKILL')
    }
  })
})

it('says what to do where the file that says whose a home is was damaged', async () => {
  writeFileSync(claim, '')
  await expect(claimHome(home)).rejects.toThrow(
    `${claim} is damaged; delete it if nothing uses ${home} on another host.`,
  )
})

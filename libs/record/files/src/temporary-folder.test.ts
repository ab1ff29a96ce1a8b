import { readdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { emptyFolder } from './empty-folder.fixture.ts'
import { temporaryFolder } from './temporary-folder.mjs'

describe('a temporary folder', () => {
  let system: string
  beforeEach(() => {
    system = join(emptyFolder(), 'job', 'tmp')
    vi.stubEnv('TMPDIR', system)
  })
  afterEach(() => vi.unstubAllEnvs())

  it('is made although the folder of the system has vanished, before the first and between two', () => {
    const first = temporaryFolder('gauntlet-')
    rmSync(dirname(system), { recursive: true })
    const second = temporaryFolder('gauntlet-')
    expect(readdirSync(system)).toEqual([basename(second)])
    expect(dirname(first)).toBe(system)
    expect(statSync(system).mode & 0o777).toBe(0o700)
  })

  it('is another one each time, empty and for this user alone', () => {
    const [one, two] = [temporaryFolder('gauntlet-'), temporaryFolder('gauntlet-')]
    expect(one).not.toBe(two)
    expect(basename(one)).toMatch(/^gauntlet-/)
    expect([readdirSync(one), statSync(one).mode & 0o777]).toEqual([[], 0o700])
  })
})

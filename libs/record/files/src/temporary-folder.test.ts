import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
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

  it('removes what killed processes of this host have left, and nothing of living ones or of other hosts', async () => {
    const [living, another] = [temporaryFolder('gauntlet-'), temporaryFolder('gauntlet-another-')]
    const foreign = join(system, 'gauntlet-0badc0de-999999999-abcdef')
    mkdirSync(foreign)
    const left = await leftByAKill()
    writeFileSync(join(left, 'half a file'), 'half')
    temporaryFolder('gauntlet-another-')
    expect(existsSync(left)).toBe(true)
    temporaryFolder('gauntlet-')
    expect([left, living, another, foreign].map((folder) => existsSync(folder))).toEqual([false, true, true, true])
  })
})

/** Makes a folder as another process, and gives its path once that process is killed. */
async function leftByAKill(): Promise<string> {
  const script = `
    import { temporaryFolder } from ${JSON.stringify(new URL('./temporary-folder.mjs', import.meta.url).href)}
    process.stdout.write(temporaryFolder('gauntlet-'))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [path] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  child.kill('SIGKILL')
  await once(child, 'exit')
  return path
}

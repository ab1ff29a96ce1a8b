import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'

/*
 * One home, used from this host and from others: processes with process ids, a network or both of their own, as
 * containers have them, which share the file system. `npm test` has the same with injected identities
 * (infra/src/home-claim.test.ts). Half a minute.
 */

const gauntlet = resolve(import.meta.dirname, '../../libs/use/cli/bin/gauntlet.mjs')
const home = new GauntletHome()

beforeAll(async () => {
  await home.succeed('up')
})
afterAll(() => home.remove())

describe.each([
  ['process ids', ['--pid', '--fork', '--mount-proc']],
  ['process ids and shared memory', ['--pid', '--fork', '--ipc', '--mount-proc']],
  ['a network', ['--net']],
  ['process ids and a network', ['--pid', '--fork', '--net', '--mount-proc']],
])('a host with %s of its own', (_, namespaces) => {
  it.each([['results', 'smoke'], ['plan', 'smoke'], ['up'], ['down']])(
    'is refused in one sentence: gauntlet %s',
    async (...command) => {
      const before = home.services()
      const log = postgresLog()
      const { code, stdout, stderr } = await elsewhere(namespaces, command)
      expect(stderr).toMatch(/^.+ has been in use on host \S+, in another container or namespace than this one since /)
      expect(stderr.trim().split('\n')).toHaveLength(1)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(home.services()).toEqual(before)
      expect(postgresLog()).toBe(log)
    },
  )
})

it('another host has the home once this one has stopped its services', async () => {
  await home.succeed('down')
  const there = await elsewhere(['--pid', '--fork', '--mount-proc'], ['results', 'smoke'])
  expect(there.stderr).not.toContain('in use on host')
  expect(home.running()).toEqual([])
})

function postgresLog(): string {
  return readFileSync(join(home.folder, 'logs', 'postgres.log'), 'utf8')
}

function elsewhere(namespaces: readonly string[], command: readonly string[]) {
  const program = [...namespaces, process.execPath, gauntlet, ...command]
  const options = { cwd: home.folder, env: { ...process.env, GAUNTLET_HOME: home.folder } }
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    const child = execFile('unshare', program, options, (_, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sharedFolder } from '@gauntlet/files/fixtures/empty-folder'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GauntletHome, type Ended } from './gauntlet-home.fixture.ts'
import { variant } from './studies.fixture.ts'

/*
 * A study whose sources want passwords and whose environment is full of them, and which fails, because most is said
 * about what fails: afterwards none of them is in the ledger, the histories of Temporal, the logs, the lock files or
 * anything else under the home.
 */

const home = new GauntletHome()
const outside = sharedFolder()
const secrets = ['netrc', 'registry', 'proxy', 'hub', 'file'].map((place) => `secret-of-the-${place}`)
const [ofNetrc, ofRegistry, ofProxy, ofHub, ofFile] = secrets
const asked: (string | undefined)[] = []
const server = createServer((request, response) => {
  asked.push(request.headers.authorization)
  response.end('not what the digest says')
})
let ended: Ended

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const NETRC = join(outside, '.netrc')
  writeFileSync(NETRC, `machine 127.0.0.1 login me password ${ofNetrc}`)
  home.variables = {
    NETRC,
    HF_TOKEN: ofHub!,
    npm_config_registry: `http://me:${ofRegistry}@${host}`,
    http_proxy: `http://me:${ofProxy}@127.0.0.1:9`,
  }
  const dataset = (id: string, source: string) =>
    `{ id: ${id}, source: '${source}', sha256: ${'a'.repeat(64)}, classes: 10 }`
  const datasets = [dataset('web', `http://${host}/images.zip`), dataset('packed', 'npm:images@1.0.0!images.zip')]
  const text = variant('secrets').replace(/^datasets:.*$/m, `datasets: [${datasets.join(', ')}]`)
  ended = await home.run('run', home.study('secrets', text))
}, 300_000)

afterAll(async () => {
  server.close()
  await home.remove()
})

it('uses the passwords, and says why the sources are refused', () => {
  const sent = [ofNetrc, ofRegistry].map((password) => `Basic ${Buffer.from(`me:${password}`).toString('base64')}`)
  expect(new Set(asked)).toEqual(new Set(sent))
  expect(ended.code).toBe(1)
  expect(ended.stdout).toContain('has SHA-256')
})

it('has none of them afterwards in what it prints or in any file of the home', () => {
  const forms = secrets.flatMap((secret) => [secret, Buffer.from(`me:${secret}`).toString('base64')])
  const leaks = (bytes: Buffer | string) => forms.filter((secret) => bytes.includes(secret))
  expect(leaks(ended.stdout + ended.stderr)).toEqual([])
  const files = readdirSync(home.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name))
  for (const part of ['postgres/data', 'temporal/temporal.sqlite', 'logs/gpu-worker.log'])
    expect(paths.some((path) => path.startsWith(join(home.folder, part)))).toBe(true)
  expect(paths.filter((path) => leaks(readFileSync(path)).length > 0)).toEqual([])
})

it('refuses a study with a password in an address, without repeating it', async () => {
  const text = variant('refused').replace(
    /^datasets:.*$/m,
    `datasets: [{ id: web, source: 'https://me:${ofFile}@host.invalid/x.zip', sha256: ${'a'.repeat(64)}, classes: 10 }]`,
  )
  const { code, stdout, stderr } = await home.run('plan', home.study('refused', text))
  expect(code).toBe(2)
  expect(stderr).toContain('holds no password')
  expect(stdout + stderr).not.toContain(ofFile)
})

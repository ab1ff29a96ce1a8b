import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'
import { smoke } from '../end-to-end/studies.fixture.ts'
import { pythonWith } from '../python-environment.ts'

/*
 * A real study is sealed, exported and signed; the tools of others read the export, and an empty installation imports
 * it, also where it is killed meanwhile. Three minutes on two quiet cores, once the Python environment is made.
 */

const home = new GauntletHome()
const minutes = 60_000
const [archive, seal] = [join(home.folder, 'smoke.zip'), join(home.folder, 'smoke.seal.json')]
const [key, publicKey] = [join(home.folder, 'key.pem'), join(home.folder, 'public.pem')]
const python = pythonWith(
  process.env.GAUNTLET_CACHE ?? join(homedir(), '.cache/gauntlet'),
  'exchange',
  resolve(import.meta.dirname, 'requirements.txt'),
)
const kills = 8

beforeAll(async () => {
  const pair = generateKeyPairSync('ed25519')
  writeFileSync(key, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }))
  await home.succeed('up')
  const study = home.study('smoke', smoke)
  const hypotheses = join(home.folder, 'claims.yaml')
  writeFileSync(hypotheses, 'hypotheses:\n  - claim: FFT-1 holds more than LP-1\n    threshold: 0.05\n')
  await home.succeed('seal', study, '--hypotheses', hypotheses, '--out', join(home.folder, 'before.seal.json'))
  await home.succeed('run', study)
  await home.succeed('export', 'smoke', archive, '--artifacts', 'all', '--key', key)
  await home.succeed('seal', 'smoke', '--key', key, '--out', seal)
}, 10 * minutes)
afterAll(() => home.remove(), minutes)

function readByOthers(file: string) {
  const script = resolve(import.meta.dirname, 'verify_export.py')
  const { status, stdout, stderr } = spawnSync(python, [script, file, publicKey], { encoding: 'utf8' })
  return { stderr, report: stdout === '' ? null : (JSON.parse(stdout) as Report), status }
}

interface Report {
  readonly crate: { readonly passed: boolean; readonly issues: readonly string[] }
  readonly tables: Readonly<Record<string, number>>
  readonly seal: { readonly digest: string }
  readonly attestations: Readonly<Record<string, number>>
}

it('is read by the tools of others, offline', { timeout: 2 * minutes }, async () => {
  const { report, stderr, status } = readByOthers(archive)
  expect(report, stderr).toMatchObject({ crate: { passed: true, issues: [] }, tables: { measurements: 10 } })
  expect(status).toBe(0)
  const { digest } = await home.json<{ digest: string }>('seal', '--verify', archive)
  expect(report!.seal.digest).toBe(digest)
  expect(report!.attestations).toMatchObject({ 'urn:gauntlet:measurement/v1': 10, 'urn:gauntlet:seal/v1': 1 })
  console.log(JSON.stringify(report))
})

it('says that the hypotheses came first', { timeout: minutes }, async () => {
  const said = await home.succeed('seal', 'smoke', '--out', join(home.folder, 'again.seal.json'))
  expect(said).toMatch(/Hypotheses .*claims.yaml were sealed before the first measurement/)
})

it(
  'is imported into an empty installation, killed again and again, and verified with the seal there',
  { timeout: 8 * minutes },
  async () => {
    const other = new GauntletHome()
    try {
      await other.succeed('up')
      let interrupted = 0
      for (let kill = 0; kill < kills; kill++) {
        const importing = other.start('import', archive)
        await sleep(400 + kill * 250 + Math.random() * 250)
        if (importing.process.kill('SIGKILL')) interrupted++
        await importing.ended
      }
      console.log(await other.succeed('import', archive, '--public-key', publicKey))
      expect(interrupted).toBeGreaterThan(kills / 2)
      const verdict = await other.json<{ passed: boolean; comparison: object }>(
        'seal',
        '--verify',
        seal,
        '--public-key',
        publicKey,
      )
      expect(verdict).toMatchObject({ passed: true, signature: 'valid', comparison: { changed: [], gone: [] } })
      const numbers = (rows: Record<string, unknown>[]) => rows.map(({ correct, stageKey }) => [correct, stageKey])
      const [there, here] = await Promise.all(
        [other, home].map((each) => each.json<Record<string, unknown>[]>('results', 'smoke')),
      )
      expect(numbers(there!)).toEqual(numbers(here!))
      expect((await other.run('run', 'smoke')).stderr).toContain('Nothing to do')
      console.log(`${interrupted} of ${kills} imports were killed before their end`)
    } finally {
      await other.remove()
    }
  },
)

import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'
import { recordedResults, type RecordedResults } from '../end-to-end/recorded-results.fixture.ts'
import { smoke } from '../end-to-end/studies.fixture.ts'

/*
 * `gauntlet gc` on the store of a real study, in which everything is older than the grace period and thousands of files
 * are out of reach, killed at 20 random moments. Three minutes.
 */

const home = new GauntletHome()
const kills = 20
let before: RecordedResults

beforeAll(async () => {
  await home.succeed('up')
  await home.succeed('run', home.study('smoke', smoke))
  before = await recordedResults(home, 'smoke')
}, 600_000)
afterAll(() => home.remove())

const store = () => join(home.folder, 'artifacts', 'sha256')
const digests = () => readdirSync(store()).flatMap((prefix) => readdirSync(join(store(), prefix)))

/** Adds artifacts that nothing refers to, and makes all of them old. */
function litter(count: number): string[] {
  const added = Array.from({ length: count }, (_, i) => {
    const bytes = `litter ${i}`
    const digest = createHash('sha256').update(bytes).digest('hex')
    mkdirSync(join(store(), digest.slice(0, 2)), { recursive: true })
    writeFileSync(join(store(), digest.slice(0, 2), digest), bytes)
    return digest
  })
  for (const digest of digests()) utimesSync(join(store(), digest.slice(0, 2), digest), 1, 1)
  return added
}

it('loses nothing that the study refers to, and removes all else in the end', async () => {
  const litterIds = new Set(litter(20_000))
  const needed = digests().filter((digest) => !litterIds.has(digest))
  let interrupted = 0
  for (let kill = 0; kill < kills; kill++) {
    const collecting = home.start('gc', '--remove', '--grace', '1h')
    await sleep(600 + Math.random() * 2_500)
    if (collecting.process.kill('SIGKILL')) interrupted++
    await collecting.ended
    litter(2_000)
  }
  expect(interrupted).toBeGreaterThan(kills / 2)
  console.log(await home.succeed('gc', '--remove', '--grace', '1h'))
  const left = new Set(digests())
  expect([...litterIds].filter((digest) => left.has(digest))).toEqual([])
  const lost = needed.filter((digest) => !left.has(digest))
  expect((await home.run('run', 'smoke')).stderr).toContain('Nothing to do')
  expect((await recordedResults(home, 'smoke')).rows).toEqual(before.rows)
  console.log(
    `${interrupted} of ${kills} killed before their end; of ${needed.length} artifacts ${lost.length} were out of reach`,
  )
}, 600_000)

import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { CountedOutcomes, verificationLevels, verifyStudy } from '@gauntlet/audit'
import { planStudy } from '@gauntlet/client'
import { studyText } from '@gauntlet/contract/fixtures/tiny-plan'
import { startPostgres } from '@gauntlet/infra'
import { migrate, openLedger, type LedgerDatabase } from '@gauntlet/ledger'
import { recordWholeStudy, type RecordedStudy } from '@gauntlet/ledger-worker/fixtures/recorded-study'
import { readdirSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GauntletHome, until } from './gauntlet-home.fixture.ts'

/* `gauntlet gc --drop` on a study that was recorded with invented bytes, killed again and again. */

const home = new GauntletHome()
const minutes = 60_000
const text = studyText.replace('tiny', 'recorded')
const artifacts = join(home.folder, 'artifacts')
let ledger: ReturnType<typeof openLedger>
let [db, store]: [LedgerDatabase?, ArtifactStore?] = []
let study: RecordedStudy

beforeAll(async () => {
  await home.succeed('up') // so that no command stops Postgres again
  const log = join(home.folder, 'logs/ledger-worker.log')
  await until('the ledger worker has stored its build', () => readFileSync(log, 'utf8').includes(' ready, build '))
  const { databaseUrl } = await startPostgres(home.folder)
  await migrate(databaseUrl)
  ledger = openLedger(databaseUrl)
  db = ledger.db
  store = openArtifactStore(pathToFileURL(artifacts).href)
  study = await recordWholeStudy(db, store, { text, images: 20 })
}, 3 * minutes)

afterAll(async () => {
  await ledger?.close()
  await home.remove()
}, 2 * minutes)

const digests = () =>
  readdirSync(join(artifacts, 'sha256')).flatMap((prefix) => readdirSync(join(artifacts, 'sha256', prefix)))

/** Makes everything that is stored older than any grace period. */
function age(): void {
  for (const digest of digests()) utimesSync(home.artifactFile(digest), 1, 1)
}

/** The stages that would run, by name. */
async function toRun(): Promise<[stage: string, toRun: number][]> {
  const { byStage } = await planStudy(study, study.worker, db!, store!)
  return byStage.flatMap(({ stage, toRun: count }) => (count > 0 ? [[stage, count]] : []))
}

const drop = ['gc', '--drop', 'trained,checkpoint', '--remove', '--grace', '1h']

it(
  'gives up the bytes of chosen roles alone, also where it is killed meanwhile, and their stages run again where asked for',
  async () => {
    const before = digests()
    age()
    for (const after of [500, 1_000, 1_500, 2_000]) {
      const dropping = home.start(...drop)
      await sleep(after)
      dropping.process.kill('SIGKILL')
      await dropping.ended
    }
    await home.succeed(...drop)
    const left = new Set(digests())
    expect(before.filter((digest) => !left.has(digest))).toHaveLength(4) // of two trainings and two checkpoints
    expect(await toRun()).toEqual([
      ['fine-tune', 2],
      ['checkpoint', 2],
      ['perturb-and-evaluate', 4],
    ])
    const { levels } = await verifyStudy('recorded', {
      db: db!,
      store: store!,
      levels: verificationLevels(new CountedOutcomes(null)),
    })
    expect(levels.map(({ name, findings }) => [name, findings.length])).toEqual([
      ['bytes', 4],
      ['keys', 0],
      ['numbers', 0],
      ['graph', 0],
    ])
  },
  3 * minutes,
)

it(
  'refuses bytes that a seal cites, and roles that numbers are counted from',
  async () => {
    await home.succeed('seal', 'recorded', '--out', join(home.folder, 'recorded.seal.json'))
    age()
    const before = digests()
    expect(await home.succeed('gc', '--drop', 'parameters,history', '--remove', '--grace', '1h')).toMatch(
      /3 artifacts of these roles stay, because a seal cites them/,
    )
    expect(digests()).toEqual(before)
    expect(await home.run('gc', '--drop', 'traned')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('trained'),
    })
    expect(await home.run('gc', '--drop', 'outcomes', '--remove')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Numbers are counted from outcomes again/),
    })
  },
  2 * minutes,
)

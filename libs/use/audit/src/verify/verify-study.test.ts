import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { recordWholeStudy } from '@gauntlet/ledger-worker/fixtures/recorded-study'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CountedOutcomes } from './counted-outcomes.ts'
import { Corruptor, corruptionKinds } from './corruptor.fixture.ts'
import { verificationLevels } from './levels.ts'
import { verifyStudy } from './verify-study.ts'

const ledger = useLedger()
const text = [
  'name: audited',
  'datasets: [digits]',
  'backbones: [tf_efficientnet_lite0.in1k]',
  'losses: [Classic AT, standard]',
  'protocols: [FFT-1, LP-1]',
  'perturbations: [clean, common]',
].join('\n')

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-audit-'))
let store: ArtifactStore
beforeAll(async () => {
  store = openArtifactStore(pathToFileURL(join(folder, 'artifacts')).href, join(folder, 'cache'))
  await recordWholeStudy(ledger.db, store, { text, images: 12 })
})

afterAll(() => rmSync(folder, { recursive: true }))

const counts = () => new CountedOutcomes(join(folder, 'cache', 'counts.txt'))
const verify = () => verifyStudy('audited', { db: ledger.db, store, levels: verificationLevels(counts()) })

it('finds nothing missing in a clean record, and says what is only attested', async () => {
  const { levels, holds, measurements, executions } = await verify()
  expect(levels.flatMap(({ findings }) => findings)).toEqual([])
  expect({ holds, measurements, executions }).toEqual({ holds: true, measurements: 8, executions: 2 + 4 + 4 + 8 })
  for (const { counts, name } of levels) expect(counts.proved, name).toBeGreaterThan(7)
  expect(levels.flatMap(({ notes }) => notes).join('\n')).toMatch(/weights stay where they came from/)
})

it('remembers what it has read and counted, so that a second verification reads no outcomes', async () => {
  await verify()
  const reading: string[] = []
  const watched = watching(store, (artifact) => reading.push(artifact))
  const options = { db: ledger.db, store: watched, levels: verificationLevels(counts()) }
  expect((await verifyStudy('audited', options)).holds).toBe(true)
  expect(reading).toEqual([])
  expect((await verifyStudy('audited', { ...options, again: true })).holds).toBe(true)
  expect(reading.length).toBe(9)
})

it('stops where it is told to', async () => {
  const stopped = AbortSignal.abort(new Error('stopped'))
  const options = { db: ledger.db, store, levels: verificationLevels(counts()), signal: stopped }
  await expect(verifyStudy('audited', options)).rejects.toThrow('stopped')
})

it.each(corruptionKinds)('finds and names: %s', async (kind) => {
  const corruptor = new Corruptor(ledger.db, join(folder, 'artifacts'), 7)
  const { names, undo } = await corruptor.corrupt(kind)
  try {
    const { levels, holds } = await verify()
    expect(holds).toBe(false)
    const found = levels.flatMap(({ findings }) => findings.map(({ subject, problem }) => `${subject} ${problem}`))
    expect(found.filter((sentence) => names.some((name) => sentence.includes(name)))).not.toEqual([])
  } finally {
    await undo()
  }
  expect((await verify()).holds).toBe(true)
})

/** The store, which tells of every artifact that is read. */
function watching(watched: ArtifactStore, onRead: (digest: string) => void): ArtifactStore {
  return new Proxy(watched, {
    get(target, name) {
      const method = (target[name as keyof ArtifactStore] as (...given: unknown[]) => unknown).bind(target)
      if (name !== 'read') return method
      return (digest: string) => {
        onRead(digest)
        return method(digest)
      }
    },
  })
}

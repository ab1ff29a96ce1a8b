import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { apiOf, ask, dependenciesOf } from './api.fixture.ts'
import { fuzzApi } from './fuzz.fixture.ts'
import { simulateStudy, storeIn } from './simulated-study.fixture.ts'
import type { Cell, StudyList } from './wire/index.ts'

/** Calls: a share of them with every `npm test`, all with `npm run test:browser`. */
const cases = Number(process.env['GAUNTLET_FUZZ_CASES'] ?? 150)

const ledger = useLedger()
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-fuzz-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('answers whatever is asked, with a sentence where it cannot, and never fails', async () => {
  const store = storeIn(folder)
  const { id } = await simulateStudy(ledger.db, store, { backbones: 1, datasets: 1 })
  await simulateStudy(ledger.db, store, { name: 'other', backbones: 1, datasets: 2, done: 0 })
  const bugs: unknown[] = []
  const app = apiOf(dependenciesOf(ledger.db, store), {
    onBug: (error) => void bugs.push(error),
    addressOf: () => String(Math.random()), // no limit of rates here
  })
  const { answer: cell } = await ask<Cell>(app, '/api/studies/simulated/cells/2')
  const known = ['simulated', 'other', id, id.slice(0, 9), cell.measurement!.id, '2', '3', 'clean', 'retry']
  const calls = await fuzzApi(app, { cases, known })
  expect(bugs).toEqual([])
  const failed = calls.filter(({ status }) => status >= 400)
  expect(calls.length - failed.length).toBeGreaterThan(cases / 20)
  expect(failed.length).toBeGreaterThan(cases / 4)
  for (const { status, path, answer } of failed) {
    expect([status < 500, path]).toEqual([true, path])
    const { error } = answer as { error: string }
    expect(error).toMatch(/^[A-Z"].{10,400}[.…]$/su)
  }
  const { answer: listed, headers } = await ask<StudyList>(app, '/api/studies')
  expect(listed.studies.map(({ labels }) => labels[0])).toEqual(Array(2).fill('<script>window.stolen = true</script>'))
  expect(headers.get('content-type')).toMatch(/^application\/json/) // so that a browser that opens it runs no script of it
  const text = JSON.stringify(calls.map(({ answer }) => answer))
  expect(text).not.toMatch(/root:|node_modules|at async/)
}, 300_000)

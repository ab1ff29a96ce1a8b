import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { CountedOutcomes, verificationLevels, verifyStudy } from '@gauntlet/audit'
import { Corruptor, corruptionKinds, Dice } from '@gauntlet/audit/fixtures/corruptor'
import { recordWholeStudy } from '@gauntlet/ledger-worker/fixtures/recorded-study'
import { migrate, openLedger, type LedgerDatabase } from '@gauntlet/ledger'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'

/*
 * 500 random corruptions of a ledger and its store, each found by `verify` and named, and 50 clean
 * ledgers with stores of their own, in which it finds nothing. A minute.
 */

const ledger = useLedger()
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-corruptions-'))
afterAll(() => rmSync(folder, { recursive: true }))
const [corruptions, cleanLedgers] = [500, 50]

const storeAt = (name: string) =>
  openArtifactStore(pathToFileURL(join(folder, name)).href, join(folder, `${name} verified`))

const verify = (study: string, store: ArtifactStore, { db }: { readonly db: LedgerDatabase } = ledger) =>
  verifyStudy(study, { db, store, levels: verificationLevels(new CountedOutcomes(null)) })

function studyText(name: string, dice: Dice): string {
  const some = (items: readonly string[]) => items.slice(0, 1 + dice.below(items.length)).join(', ')
  return [
    `name: ${name}`,
    'datasets: [digits]',
    'backbones: [tf_efficientnet_lite0.in1k]',
    `losses: [${some(['Classic AT', 'TRADES', 'standard'])}]`,
    `protocols: [${some(['LP-1', 'FFT-1', 'FFT-5'])}]`,
    `seeds: [${some(['1', '2', '3'])}]`,
    `perturbations: [${some(['clean', 'common', '{ name: Linf, epsilon: 4/255 }', '{ name: L2, epsilon: 0.5 }'])}]`,
    'evaluator: apgd-ce',
    '',
  ].join('\n')
}

/** A ledger in a database of its own. */
async function newLedger(name: string) {
  await ledger.db.execute(`create database ${name}`)
  const address = new URL(ledger.databaseUrl)
  address.pathname = `/${name}`
  await migrate(address.href)
  return openLedger(address.href)
}

it('finds nothing in clean ledgers', { timeout: 600_000 }, async () => {
  const dice = new Dice(1)
  for (let i = 0; i < cleanLedgers; i++) {
    const [clean, store] = [await newLedger(`clean_${i}`), storeAt(`clean ${i}`)]
    const environment = { precision: dice.oneOf(['float32', 'bfloat16']), threads: 1 + dice.below(4) }
    await recordWholeStudy(clean.db, store, { text: studyText('clean', dice), images: 1 + dice.below(40), environment })
    const { levels, measurements } = await verify('clean', store, clean)
    await clean.close()
    expect(measurements).toBeGreaterThan(0)
    expect(
      levels.flatMap(({ findings }) => findings),
      `ledger ${i}`,
    ).toEqual([])
  }
})

it('finds every one of many random corruptions, and names what was corrupted', { timeout: 1_200_000 }, async () => {
  const store = storeAt('corrupted')
  const text = studyText('corrupted', new Dice(3)).replace(/perturbations: .*/, 'perturbations: [clean, common]')
  await recordWholeStudy(ledger.db, store, { text, images: 20, code: 'corrupted' })
  expect((await verify('corrupted', store)).holds).toBe(true)
  const dice = new Dice(5)
  for (let i = 0; i < corruptions; i++) {
    const kind = i < corruptionKinds.length ? corruptionKinds[i]! : dice.oneOf(corruptionKinds)
    const { names, undo } = await new Corruptor(ledger.db, join(folder, 'corrupted'), i).corrupt(kind)
    const { holds, levels } = await verify('corrupted', store)
    const found = levels.flatMap(({ findings }) => findings.map(({ subject, problem }) => `${subject} ${problem}`))
    expect(holds, `${i}: ${kind}`).toBe(false)
    expect(
      found.some((sentence) => names.some((name) => sentence.includes(name))),
      `${i}: ${kind} of ${names.join()}, found ${found.join('\n')}`,
    ).toBe(true)
    await undo()
  }
  expect((await verify('corrupted', store)).holds).toBe(true)
})

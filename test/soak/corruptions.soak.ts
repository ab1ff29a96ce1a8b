import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { CountedOutcomes, verificationLevels, verifyStudy } from '@gauntlet/audit'
import { Corruptor, corruptionKinds, Dice } from '@gauntlet/audit/fixtures/corruptor'
import { recordWholeStudy } from '@gauntlet/ledger-worker/fixtures/recorded-study'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'

/*
 * 500 random corruptions of a ledger and its store, each found by `verify` and named, and 50 clean studies in stores of
 * their own, in which it finds nothing. Five minutes.
 */

const [ledger, cleanLedger] = [useLedger(), useLedger()]
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-corruptions-'))
afterAll(() => rmSync(folder, { recursive: true }))
const [corruptions, cleanStudies] = [500, 50]

const storeAt = (name: string) =>
  openArtifactStore(pathToFileURL(join(folder, name)).href, join(folder, `${name} verified`))

const verify = (study: string, store: ArtifactStore, { db } = ledger) =>
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

it('finds nothing in clean studies', { timeout: 600_000 }, async () => {
  const dice = new Dice(1)
  for (let i = 0; i < cleanStudies; i++) {
    const store = storeAt(`clean ${i}`)
    const environment = { precision: dice.oneOf(['float32', 'bfloat16']), threads: 1 + dice.below(4) }
    const recording = {
      text: studyText(`clean-${i}`, dice),
      images: 1 + dice.below(40),
      environment,
      code: `of study ${i}`,
    }
    await recordWholeStudy(cleanLedger.db, store, recording)
    const { levels } = await verify(`clean-${i}`, store, cleanLedger)
    expect(
      levels.flatMap(({ findings }) => findings),
      `study ${i}`,
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

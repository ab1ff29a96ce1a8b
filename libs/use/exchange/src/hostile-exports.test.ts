import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { sealedArtifacts } from '@gauntlet/ledger'
import { parseSealed } from '@gauntlet/seals'
import { digestOf } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import { ExportInvalid } from './export-invalid.ts'
import { useExportedStudy, type LineOfFact } from './exported-study.fixture.ts'
import { importStudy, verifyExport } from './import-study.ts'
import { sealStudy } from './seal-study.ts'
import { verifySeal } from './verify-seal.ts'

/* Exports that somebody made with care: each has a seal that covers what it says. */

const { ledger, store, folder, file, elsewhere, changed, resealed } = useExportedStudy()

/** Refused by a look at the file, and by an import, which leaves nothing. */
async function expectRefused(file: string, says: string | RegExp): Promise<void> {
  await expect(verifyExport(file)).rejects.toThrow(says)
  await elsewhere(async (empty) => {
    await expect(importStudy(empty, file)).rejects.toThrow(says)
    expect((await sealedArtifacts(empty.db)).size).toBe(0)
  })
}

type Changed = (facts: LineOfFact[]) => object[]
const each =
  <Kind extends LineOfFact['kind']>(
    kind: Kind,
    change: (fact: Extract<LineOfFact, { kind: Kind }>) => object,
  ): Changed =>
  (facts) =>
    facts.map((fact) => (fact.kind === kind ? change(fact as Extract<LineOfFact, { kind: Kind }>) : fact))

describe('an export is refused', () => {
  const cases: [what: string, change: Changed, says: string][] = [
    [
      'environment',
      each('environment', (fact) => ({ ...fact, document: { forged: true } })),
      'is one of another content',
    ],
    ['count', each('measurement', (fact) => ({ ...fact, correct: 8 })), 'says 8 of 8, and its outcomes 3 of 8'],
    [
      'evaluator',
      each('measurement', (fact) => ({ ...fact, evaluator: 'autoattack-standard' })),
      'another evaluator than its outcomes',
    ],
    [
      'size of an artifact',
      each('fulfilment', (fact) => ({ ...fact, generated: withSizes(fact.generated, 1) })),
      'has two sizes',
    ],
    [
      'input of a stage',
      each('fulfilment', (fact) => ({ ...fact, used: withDigests(fact.used, '0'.repeat(64)) })),
      'than its key names',
    ],
    ['name', each('study', (fact) => ({ ...fact, name: 'another' })), 'has more than one name'],
    ['perturbation', ofOtherPerturbation, 'is of another perturbation than its evaluation'],
    ['configuration', ofOtherStudy, 'is of no cell of its study'],
    [
      'exclusion',
      (facts) => facts.toSpliced(place(facts, 'execution'), 0, invented),
      'is not the one of its study file',
    ],
  ]
  it.each(cases)('whose %s is another', async (_what, change, says) => {
    await expectRefused(await resealed(change), says)
  })

  it('whose seal counts more facts than its record has', async () => {
    const file = await changed((name, content) => {
      if (name !== 'seal.json') return content
      const { seal } = parseSealed(content.toString(), name)
      const facts = { ...seal.facts, measurement: 1 + seal.facts['measurement']! }
      return Buffer.from(JSON.stringify({ seal: { ...seal, facts }, envelope: null }))
    })
    await expectRefused(file, 'counts other facts than its record has')
  })

  it.each([
    ['a day that no month has', each('attempt', (fact) => ({ ...fact, startedAt: '2025-99-99T00:00:00.000000Z' }))],
    ['the character 0', each('attempt', (fact) => ({ ...fact, message: 'a\u0000b' }))],
    ['the character 0 in a document', each('attempt', (fact) => ({ ...fact, details: { a: ['\u0000'] } }))],
  ])('with %s, before anything is written', async (_what, change) => {
    await expectRefused(await resealed(change), /another form|no ledger can hold/)
  })

  it('with a number that no column can have, in a sentence', async () => {
    const file = await resealed(each('attempt', (fact) => ({ ...fact, number: 3e9 })))
    await elsewhere(async (empty) => {
      const refused = importStudy(empty, file)
      await expect(refused).rejects.toThrow(ExportInvalid)
      await expect(refused).rejects.toThrow('a value of it does not fit into the ledger')
    })
  })

  it('with lists in lists without end, or a line of many megabytes, without taking as much memory', async () => {
    const lists = '['.repeat(20_000) + ']'.repeat(20_000)
    const deep = await resealed(
      (facts) => facts,
      (lines) => lines.map((line, i) => (i === 0 ? line.replace('"document":', `"document":${lists},"zz":`) : line)),
    )
    await expectRefused(deep, 'not canonical JSON')
    const text = Array.from({ length: 80_000 }, (_, i) => digestOf(i)).join('') // which hardly packs
    const long = await resealed(each('attempt', (fact) => ({ ...fact, details: text })))
    await expectRefused(long, 'a line without an end')
  })

  it('but not for what a text may have that looks like the character 0', async () => {
    const file = await resealed(each('attempt', (fact) => ({ ...fact, message: String.raw`the text \u0000` })))
    await elsewhere(async (empty) => expect(await importStudy(empty, file)).toMatchObject({ measurements: 10 }))
  })
})

it('tables, lineage and a study file that are not what the record gives are named, and so is what no seal covers', async () => {
  const none = () => Promise.reject(new Error('no ledger is needed'))
  expect(await verifySeal(file, none)).toMatchObject({ passed: true, export: { differing: [] } })
  const edited = await changed((name, content) => {
    if (name === 'tables/measurements.csv') return Buffer.from(content.toString().replace(',3,8,', ',8,8,'))
    if (name === 'study.yaml') return Buffer.from('name: other')
    return name === 'tables/lineage.parquet' ? null : content
  })
  const verdict = await verifySeal(edited, none)
  expect(verdict).toMatchObject({
    passed: false,
    export: {
      differing: ['study.yaml', 'tables/measurements.csv', 'tables/lineage.parquet'],
      uncovered: expect.arrayContaining(['ro-crate-metadata.json']),
    },
  })
  await elsewhere(async (empty) => expect(await importStudy(empty, edited)).toMatchObject({ measurements: 10 }))
})

it('a list of leaves that is none is refused in a sentence', async () => {
  const sources = { db: ledger.db, store }
  const sealFile = join(folder, 's.json')
  writeFileSync(sealFile, JSON.stringify((await sealStudy(sources, 'small')).sealed))
  const leaves = join(folder, 'odd.leaves.gz')
  for (const lines of ['null', '[null,null]', '["a","b","zz"]', '[1,2,3]', `["x",null,"${'0'.repeat(64)}"]`]) {
    writeFileSync(leaves, gzipSync(`{"secret":null}\n${lines}\n`))
    const verified = verifySeal(sealFile, (work) => work(sources), { leaves })
    await expect(verified).rejects.toThrow('is no list of leaves')
  }
})

it('a seal, a proof or an export that is not there is missed in a sentence', async () => {
  const none = () => Promise.reject(new Error('no ledger is needed'))
  await expect(verifySeal(join(folder, 'none.zip'), none)).rejects.toThrow('There is no file')
  await expect(verifySeal(folder, none)).rejects.toThrow('There is no file')
})

const invented = { kind: 'exclusion', position: 0, cell: {}, reason: 'nobody knows', salt: '0'.repeat(32) } as const

function place(facts: readonly LineOfFact[], kind: LineOfFact['kind']): number {
  return facts.findIndex((fact) => fact.kind === kind)
}

function withSizes(references: object, size: number): object {
  return Object.fromEntries(Object.entries(references).map(([role, one]) => [role, { ...(one as object), size }]))
}

function withDigests(references: object, digest: string): object {
  return Object.fromEntries(Object.entries(references).map(([role, one]) => [role, { ...(one as object), digest }]))
}

/** Gives the first number another cell, and the id that its new content has. */
function inOtherCell(facts: LineOfFact[], cell: (first: Measured, others: Measured[]) => Partial<Measured>): object[] {
  const [first, ...others] = facts.filter((fact): fact is Measured => fact.kind === 'measurement')
  const other = { ...first!, ...cell(first!, others) }
  const { configurationId: configuration, perturbationKey: perturbation, stageKey } = other
  const moved = { ...other, id: digestOf({ configuration, perturbation, stageKey }) }
  const numbers = [moved, ...others].sort((a, b) => (a.id < b.id ? -1 : 1))
  return facts.map((fact) => (fact.kind === 'measurement' ? numbers.shift()! : fact))
}
type Measured = Extract<LineOfFact, { kind: 'measurement' }>

function ofOtherPerturbation(facts: LineOfFact[]): object[] {
  return inOtherCell(facts, ({ perturbationKey }, others) => ({
    perturbationKey: others.find((one) => one.perturbationKey !== perturbationKey)!.perturbationKey,
  }))
}

function ofOtherStudy(facts: LineOfFact[]): object[] {
  return inOtherCell(facts, () => ({ configurationId: '0'.repeat(64) }))
}

import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  citingSeals,
  droppableArtifacts,
  fulfilExecution,
  ImportContradicted,
  importFacts,
  recordKeys,
  sealedArtifacts,
  studyEvidence,
  traceMeasurement,
} from '@gauntlet/ledger'
import { artifactOf, attemptCalled } from '@gauntlet/ledger/fixtures/ledger'
import { parsePublicKey, parseSigningKey, publicPem, sealDigest, type Seal } from '@gauntlet/seals'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { membersOf, useExportedStudy } from './exported-study.fixture.ts'
import { exportStudy } from './export-study.ts'
import { importStudy, verifyExport } from './import-study.ts'
import { proveNumber } from './prove-number.ts'
import { recordSmallStudy, type RecordedStudyFixture } from './recorded-study.fixture.ts'
import { sealStudy } from './seal-study.ts'
import { verifySeal } from './verify-seal.ts'

/* One study in one ledger is sealed, exported, and imported into databases of the same server that are empty. */

const { ledger, store, folder, file, signer, elsewhere, changed, ...exported } = useExportedStudy()
const publicKey = parsePublicKey(publicPem(signer), 'public.pem')
const sources = () => ({ db: ledger.db, store })
let study: RecordedStudyFixture
beforeAll(() => {
  study = exported.study()
})

const inRecord = (from: string, to: string) => (name: string, content: Buffer) =>
  name === 'record.jsonl' ? Buffer.from(content.toString().replace(from, to)) : content

describe('an export', () => {
  it('holds together, and is signed by its key alone', async () => {
    expect(await verifyExport(file, { publicKey })).toMatchObject({
      measurements: 10,
      withheld: 0,
      isSigned: true,
      artifacts: 20,
    })
    const other = parseSigningKey(
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      'o',
    )
    await expect(verifyExport(file, { publicKey: parsePublicKey(publicPem(other), 'o') })).rejects.toThrow(
      'not signed with',
    )
    await expect(verifyExport(file, { seal: '0'.repeat(64) })).rejects.toThrow('not 000')
  })

  it('that is stopped at any moment leaves no file', async () => {
    const place = mkdtempSync(join(folder, 'stopped-'))
    for (let moment = 1, ended = false; !ended; moment++) {
      let reports = 0
      const onProgress = () => {
        if (++reports === moment) throw new Error('stopped')
      }
      ended = await exportStudy(sources(), 'small', join(place, 'small.zip'), { onProgress }).then(
        () => true,
        (error: Error) => error.message !== 'stopped',
      )
      expect(readdirSync(place)).toEqual(ended ? ['small.zip'] : [])
    }
  })

  it('is refused once one digit of it has changed, wherever it stands', async () => {
    const edits: [string, string, string][] = [
      ['"correct":3', '"correct":4', 'was changed'],
      ['"seed":1', '"seed":2', 'is one of another content'],
      ['2025-12-31T23:30', '2025-12-31T23:31', 'was changed'],
      ['"stage":"fine-tune"', '"stage":"checkpoint"', 'is one of another content'],
      ['"total":8', '"total":8 ', 'not canonical'],
    ]
    for (const [from, to, says] of edits)
      await expect(verifyExport(await changed(inRecord(from, to)))).rejects.toThrow(says)
    const artifact = await changed((name, content) =>
      name.startsWith('artifacts/') ? Buffer.concat([content, content]) : content,
    )
    await expect(verifyExport(artifact)).rejects.toThrow('has the bytes of')
    const resealed = await changed((name, content) =>
      name === 'seal.json' ? Buffer.from(content.toString().replace('2026', '2027')) : content,
    )
    await expect(verifyExport(resealed, { publicKey })).rejects.toThrow('not signed with')
    const miscounted = await changed((name, content) =>
      name === 'seal.json' ? Buffer.from(content.toString().replace('"measurement":10', '"measurement":0')) : content,
    )
    await expect(verifyExport(miscounted)).rejects.toThrow('counts other facts')
  })

  it('is the same bytes when nothing has changed', async () => {
    const again = join(folder, 'again.zip')
    await exportStudy(sources(), 'small', again, { roles: ['all'], signer })
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true)
  })
})

it('an export of a study without a number has all its stages', async () => {
  await elsewhere(async (unmeasured) => {
    await recordSmallStudy(unmeasured.db, unmeasured.store)
    await unmeasured.db.execute(sql`delete from measurement`)
    const archive = join(folder, 'unmeasured.zip')
    await exportStudy(unmeasured, 'small', archive)
    const stages = (await membersOf(archive)).get('tables/stages.csv')!.toString().trim().split('\n')
    const { rows } = await unmeasured.db.execute(sql`select stage_key from execution`)
    expect(stages.slice(1).map((row) => row.split(',')[0])).toEqual(rows.map((row) => row['stage_key']).sort())
  })
})

describe('an import', () => {
  it('makes of an empty installation one with the same study, which its seal covers, and changes nothing again', async () => {
    await elsewhere(async (empty) => {
      const imported = await importStudy(empty, file, { publicKey })
      expect(imported).toMatchObject({ name: 'small', measurements: 10, stages: 16, artifactsStored: 20 })
      const rows = async ({ db }: typeof empty) =>
        (await studyEvidence(db, 'small')).measurements.map(
          ({ confirmedAt: _confirmedAt, importSeal: _importSeal, ...row }) => row,
        )
      expect(new Set((await rows(empty)).map((row) => JSON.stringify(row)))).toEqual(
        new Set((await rows(sources())).map((row) => JSON.stringify(row))),
      )
      const { measurements } = await studyEvidence(empty.db, 'small')
      expect(new Set(measurements.map(({ importSeal }) => importSeal))).toEqual(new Set([imported.digest]))
      expect(await citingSeals(empty.db, study.measurements)).toMatchObject([
        { digest: imported.digest, origin: 'imported', numbers: 10 },
      ])
      expect(await citingSeals(ledger.db, study.measurements.slice(0, 3))).toMatchObject([
        { digest: imported.digest, studyId: study.id, origin: 'made', numbers: 3 },
      ])
      const trace = await traceMeasurement(empty.db, study.measurements[0]!)
      expect(trace).toEqual(await traceMeasurement(ledger.db, study.measurements[0]!))
      expect(await empty.store.verify(trace.measurement.outcomesDigest)).toBe('intact')
      const sealFile = join(folder, 'kept.seal.json')
      const { sealed } = await sealStudy(sources(), 'small')
      writeFileSync(sealFile, JSON.stringify(sealed))
      const verdict = await verifySeal(sealFile, (work) => work(empty), { publicKey })
      expect(verdict).toMatchObject({
        passed: true,
        signature: 'valid',
        comparison: { changed: [], gone: [], added: {} },
      })
      const again = await importStudy(empty, file)
      expect(again).toMatchObject({ measurements: 0, stages: 0, artifactsStored: 0 })
    })
  })

  it('killed between artifacts and rows, or among the rows, leaves no row, and is completed by another', async () => {
    await elsewhere(async (empty) => {
      let puts = 0
      const { putFile } = empty.store
      const failing = Object.assign(empty.store, {
        putFile: (...args: Parameters<typeof putFile>) => {
          puts++
          return puts === 5 ? Promise.reject(new Error('killed')) : putFile.apply(empty.store, args)
        },
      })
      await expect(importStudy({ ...empty, store: failing }, file)).rejects.toThrow('killed')
      async function* interrupted() {
        yield* [] as never[]
        throw new Error('killed')
      }
      const nothing = { configurations: [], perturbations: [], exclusions: [] }
      const seal = {
        digest: '0'.repeat(64),
        studyId: study.id,
        document: {},
        envelope: null,
        leaves: null,
      }
      await expect(importFacts(empty.db, interrupted(), [seal], nothing)).rejects.toThrow('killed')
      expect((await recordKeys(empty.db, study.id)).stageKeys).toEqual([])
      expect(await importStudy(empty, file)).toMatchObject({ measurements: 10, artifactsStored: 16 })
    })
  })

  it('never overwrites another fact, and writes nothing then', async () => {
    await elsewhere(async (empty) => {
      await importStudy(empty, file)
      await empty.db.execute(sql`update measurement set correct = 4 where id = ${study.measurements[3]!}`)
      await expect(importStudy(empty, file)).rejects.toThrow(ImportContradicted)
      await expect(importStudy(empty, file)).rejects.toThrow(`another measurement ${study.measurements[3]}`)
    })
  })

  it('stores again what the store has, so that it counts as new for a garbage collection', async () => {
    await elsewhere(async (empty) => {
      await importStudy(empty, file)
      const stored: string[] = []
      const { putFile } = empty.store
      Object.assign(empty.store, {
        putFile: (...args: Parameters<typeof putFile>) => {
          stored.push(args[0])
          return putFile.apply(empty.store, args)
        },
      })
      expect(await importStudy(empty, file)).toMatchObject({ artifactsStored: 0 })
      expect(stored.length).toBe(21) // with the leaves of the seal
    })
  })

  it('keeps the fulfilment of the installation where it made the same bytes', async () => {
    await elsewhere(async (empty) => {
      await recordSmallStudy(empty.db, empty.store)
      expect(await importStudy(empty, file)).toMatchObject({ measurements: 0, stages: 0 })
    })
  })
})

describe('a seal kept elsewhere', () => {
  it('finds consistent edits of several rows and turned clocks, and names them; what came since is no fault', async () => {
    await elsewhere(async (empty) => {
      await importStudy(empty, file)
      const sealFile = join(folder, 'elsewhere.seal.json')
      writeFileSync(sealFile, JSON.stringify((await sealStudy(sources(), 'small')).sealed))
      const compare = () => verifySeal(sealFile, (work) => work(empty))
      const [first, second] = study.measurements
      const { stageKey } = (await traceMeasurement(empty.db, second!)).measurement
      await empty.db.execute(
        sql`update attempt set started_at = started_at - interval '1 day', ended_at = ended_at - interval '1 day' where stage_key = ${stageKey}`,
      )
      await empty.db.execute(
        sql`update execution set fulfilled_at = fulfilled_at - interval '1 day' where stage_key = ${stageKey}`,
      )
      await empty.db.execute(sql`update measurement set correct = 5 where id = ${first!}`)
      await empty.db.execute(sql`delete from attempt where outcome = 'failed'`)
      const verdict = await compare()
      expect(verdict).toMatchObject({ passed: false })
      const { comparison } = verdict as Extract<typeof verdict, { of: 'ledger' }>
      expect(comparison.changed).toEqual([
        `fulfilment ${stageKey}`,
        expect.stringContaining(`attempt ${stageKey}/`),
        `measurement ${first}`,
      ])
      expect(comparison.gone).toHaveLength(2)
      expect(comparison.gone[0]).toMatch(/^attempt [0-9a-f]{64}\/lost$/)
    })
  })

  it('finds an edit whose leaf is called withheld in the list that the store has', async () => {
    await elsewhere(async (suspect) => {
      await recordSmallStudy(suspect.db, suspect.store)
      const { sealed, leaves } = await sealStudy(suspect, 'small')
      const sealFile = join(folder, 'suspect.seal.json')
      writeFileSync(sealFile, JSON.stringify(sealed))
      const [id] = study.measurements
      await suspect.db.execute(sql`update measurement set correct = 7 where id = ${id!}`)
      const [header, ...lines] = gunzipSync(readFileSync(await suspect.store.localFile(leaves)))
        .toString()
        .trim()
        .split('\n')
      const withheld = lines.map((line) => {
        const [place, , hash] = JSON.parse(line) as string[]
        return place!.endsWith(`measurement ${id}`) ? JSON.stringify([null, null, hash]) : line
      })
      const list = gzipSync(`${[header, ...withheld].join('\n')}\n`)
      const { digest, size, mediaType } = await suspect.store.put(list, 'application/vnd.gauntlet.leaves+gzip')
      await suspect.db.execute(
        sql`insert into artifact (digest, size, media_type) values (${digest}, ${size}, ${mediaType})`,
      )
      await suspect.db.execute(sql`update seal set leaves_digest = ${digest}`)
      const compare = (isPart: boolean) => verifySeal(sealFile, (work) => work(suspect), { isPart })
      const [doubt] = [expect.stringContaining('does not name 1 facts of kind measurement')]
      expect(await compare(true)).toMatchObject({ passed: false, doubts: [doubt] })
      const tomorrow = sql`now() + interval '1 day'` // by which it would have come since, but its stage was sealed
      await suspect.db.execute(sql`update measurement set recorded_at = ${tomorrow} where id = ${id!}`)
      expect(await compare(true)).toMatchObject({ passed: false, doubts: [doubt] })
      await suspect.db.execute(sql`delete from measurement where id = ${id!}`)
      expect(await compare(false)).toMatchObject({
        passed: false,
        doubts: [expect.stringContaining('withholds 1 facts')],
      })
    })
  })

  it('names the one before it, also where two are made at once', async () => {
    await elsewhere(async (both) => {
      await recordSmallStudy(both.db, both.store)
      const claims = (text: string) => sealStudy(both, 'small', { hypotheses: { file: 'h.yaml', text } })
      const made = await Promise.all([claims('hypotheses: []'), claims('hypotheses: [] # again')])
      const [first, second] = made.map(({ sealed }) => sealed.seal).sort((a, b) => (a.sealedAt < b.sealedAt ? -1 : 1))
      expect([first!.previous, second!.previous]).toEqual([null, sealDigest(first!)])
    })
  })

  it('proves one number without the study', async () => {
    const proof = await proveNumber(sources(), 'small', study.measurements[7]!)
    const proofFile = join(folder, 'row.proof.json')
    writeFileSync(proofFile, JSON.stringify(proof))
    const none = () => Promise.reject(new Error('no ledger is needed'))
    expect(await verifySeal(proofFile, none, { publicKey })).toMatchObject({ of: 'number', signature: 'valid' })
    writeFileSync(proofFile, JSON.stringify({ ...proof, line: proof.line.replace('"correct":3', '"correct":4') }))
    await expect(verifySeal(proofFile, none)).rejects.toThrow('is not one that seal')
    const { configuration } = proof.documents
    const lie = {
      ...proof,
      documents: { ...proof.documents, configuration: { ...configuration, loss: 'TRADES', seed: 9 } },
    }
    writeFileSync(proofFile, JSON.stringify(lie))
    await expect(verifySeal(proofFile, none)).rejects.toThrow('is of another configuration')
    const stronger = { name: 'Linf', epsilon: 1, evaluator: { name: 'standard' } }
    writeFileSync(proofFile, JSON.stringify({ ...proof, documents: { configuration, perturbation: stronger } }))
    await expect(verifySeal(proofFile, none)).rejects.toThrow('is of another configuration or perturbation')
  })

  it('cites every artifact of its study', async () => {
    const cited = await sealedArtifacts(ledger.db)
    expect([...cited].filter((digest) => digest.length === 64).length).toBe(cited.size)
    expect(cited.size).toBe(21) // 20 of the stages, and the list of its leaves
    const nothing: ReadonlySet<string> = new Set()
    expect(await droppableArtifacts(ledger.db, ['trained'])).toEqual({ droppable: nothing, sealed: 2 })
    await elsewhere(async (unsealed) => {
      await recordSmallStudy(unsealed.db, unsealed.store)
      const { droppable, sealed } = await droppableArtifacts(unsealed.db, ['trained'])
      expect([droppable.size, sealed]).toEqual([2, 0])
    })
  })
})

describe('hypotheses', () => {
  it('that were sealed before the first measurement are known to have come first by the chain of seals', async () => {
    await elsewhere(async (empty) => {
      await recordSmallStudy(empty.db, empty.store, 'planned')
      await empty.db.execute(sql`delete from measurement`) // as it was before any
      const hypotheses = { file: 'h.yaml', text: 'hypotheses:\n  - claim: it holds\n' }
      const first = await sealStudy(empty, 'planned', { hypotheses })
      expect(first.sealed.seal.facts['measurement']).toBeUndefined()
      await recordSmallStudy(empty.db, empty.store, 'planned')
      const then: Seal = (await sealStudy(empty, 'planned')).sealed.seal
      expect(then).toMatchObject({ facts: { measurement: 10 }, hypotheses: null, previous: expect.any(String) })
      const chained = join(folder, 'chained.zip')
      await exportStudy(empty, 'planned', chained)
      await elsewhere(async (third) => {
        await importStudy(third, chained)
        const { earlier } = await sealStudy(third, 'planned', {
          hypotheses: { file: 'later.yaml', text: 'hypotheses: []' },
        })
        expect(earlier.map(({ seal }) => seal.hypotheses?.file ?? null)).toEqual([null, 'h.yaml'])
      })
    })
  })
})

it('a fulfilment of other bytes is contradicted by an import', async () => {
  await elsewhere(async (empty) => {
    await importStudy(empty, file)
    const trace = await traceMeasurement(empty.db, study.measurements[0]!)
    const [evaluation] = trace.executions
    const { stage, codeDigest, environmentClass, parameters, seed, inputs } = evaluation!
    const identity = { stage, codeDigest, environmentClass, parameters, seed, inputs } as never
    const outcomes = artifactOf('others')
    const report = {
      identity,
      configurationId: null,
      attempt: attemptCalled('own'),
      used: evaluation!.used,
      generated: { outcomes },
    }
    expect((await fulfilExecution(empty.db, report)).standing).toBe('contradicted')
    await empty.db.execute(
      sql`update execution_artifact set digest = ${trace.sources[0]!.artifact.digest} where stage_key = ${evaluation!.stageKey} and direction = 'generated'`,
    )
    await expect(importStudy(empty, file)).rejects.toThrow(`another fulfilment ${evaluation!.stageKey}`)
  })
})

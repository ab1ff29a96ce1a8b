import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { studyEvidence } from '@gauntlet/ledger'
import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { configurationsWhere } from './configurations-where.ts'
import { exportStudy } from './export-study.ts'
import { useExportedStudy } from './exported-study.fixture.ts'
import { importStudy, verifyExport } from './import-study.ts'
import { PartUnknown } from './part-unknown.ts'
import { recordSmallStudy } from './recorded-study.fixture.ts'
import { sealStudy } from './seal-study.ts'
import { verifySeal } from './verify-seal.ts'

/* Parts of one study are exported, and imported into databases of the same server that are empty. */

const { ledger, store, folder, file, elsewhere } = useExportedStudy()
const sources = () => ({ db: ledger.db, store })

describe('a part of a study', () => {
  it('must be of configurations that it has', async () => {
    const where = (factors: Record<string, string[]>) => configurationsWhere(sources(), 'small', factors)
    expect(await where({ loss: ['TRADES', 'Classic AT'], seed: ['1'] })).toHaveLength(2)
    await expect(where({ loss: ['TRADES', 'TRADE'] })).rejects.toThrow(PartUnknown)
    await expect(where({ loss: ['TRADE'] })).rejects.toThrow('has loss=TRADE; it has Classic AT, TRADES.')
  })

  it('has artifacts of roles that the study has', async () => {
    const exporting = (role: string) => exportStudy(sources(), 'small', join(folder, 'roles.zip'), { roles: [role] })
    expect(await exporting('checkpoint')).toMatchObject({ artifacts: 3 }) // two, and the code
    await expect(exporting('checkpoints')).rejects.toThrow(PartUnknown)
    await expect(exporting('checkpoints')).rejects.toThrow(
      /its roles are archive, checkpoint|its roles are checkpoint, /,
    )
  })

  it('is published with the rest withheld, and can be completed later', async () => {
    const part = join(folder, 'part.zip')
    const only = await configurationsWhere(sources(), 'small', { loss: ['TRADES'] })
    expect(await exportStudy(sources(), 'small', part, { only, roles: ['all'] })).toMatchObject({ numbers: 5 })
    const checked = await verifyExport(part)
    expect(checked).toMatchObject({ measurements: 5, isSigned: false })
    expect(checked.withheld).toBeGreaterThan(5)
    await elsewhere(async (empty) => {
      expect(await importStudy(empty, part)).toMatchObject({ measurements: 5 })
      const imported = await studyEvidence(empty.db, 'small')
      expect(imported.measurements).toHaveLength(5)
      // Whether withheld facts are still there is not known, so it is no fault only of what is known to be a part.
      const sealFile = join(folder, 'part.seal.json')
      writeFileSync(sealFile, JSON.stringify((await sealStudy(sources(), 'small')).sealed))
      const compare = (isPart: boolean) => verifySeal(sealFile, (work) => work(empty), { isPart })
      expect(await compare(false)).toMatchObject({ passed: false, comparison: { changed: [], gone: [] } })
      expect(await compare(true)).toMatchObject({
        passed: true,
        comparison: { withheld: checked.withheld, added: {} },
      })
      // The cells that are withheld are cells without a number, at their places.
      const whole = await studyEvidence(ledger.db, 'small')
      expect(imported.rows).toBe(10)
      expect(imported.configurations).toEqual(whole.configurations)
      expect(imported.perturbations).toEqual(whole.perturbations)
      expect(await importStudy(empty, file)).toMatchObject({ measurements: 5 })
      // The whole list takes the place of the one that withholds, and is not given up for that again.
      expect(await compare(false)).toMatchObject({ passed: true, comparison: { withheld: 0, added: {} } })
      await importStudy(empty, part)
      expect(await compare(false)).toMatchObject({ passed: true, comparison: { withheld: 0 } })
    })
  })
})

describe('a study that was imported in part', () => {
  const partOf = async (loss: string) => {
    const part = join(folder, `${loss.replaceAll(' ', '-')}.zip`)
    const only = await configurationsWhere(sources(), 'small', { loss: [loss] })
    await exportStudy(sources(), 'small', part, { only, roles: ['all'] })
    const sealFile = join(folder, `${loss}.seal.json`)
    writeFileSync(sealFile, JSON.stringify((await sealStudy(sources(), 'small')).sealed))
    return { part, sealFile }
  }

  it('is as it was sealed once the rest is computed here, and its edited numbers are found then too', async () => {
    const { part, sealFile } = await partOf('TRADES')
    await elsewhere(async (here) => {
      await importStudy(here, part)
      await recordSmallStudy(here.db, here.store)
      await here.db.execute(sql`
        update attempt set started_at = now(), ended_at = now()
        where stage_key not in (select stage_key from imported_stage)`)
      const compare = (isPart: boolean) => verifySeal(sealFile, (work) => work(here), { isPart })
      expect(await compare(true)).toMatchObject({
        passed: true,
        doubts: [],
        comparison: { changed: [], gone: [], added: { measurement: 5 } },
      })
      expect(await compare(false)).toMatchObject({ passed: false })
      await here.db.execute(sql`
        update measurement set recorded_at = '2026-01-01' where id in (
          select id from measurement where stage_key not in (select stage_key from imported_stage) limit 1)`)
      const [doubt] = [expect.stringContaining('does not name 1 facts of kind measurement')]
      expect(await compare(true)).toMatchObject({ passed: false, doubts: [doubt] })
    })
  })

  it('is whole once all its parts are there, in whatever order and however often they come', async () => {
    const [first, second] = [await partOf('TRADES'), await partOf('Classic AT')]
    await elsewhere(async (here) => {
      const compare = () => verifySeal(first.sealFile, (work) => work(here))
      await importStudy(here, first.part)
      expect(await compare()).toMatchObject({ passed: false })
      await importStudy(here, second.part)
      expect(await compare()).toMatchObject({ passed: true, comparison: { withheld: 0, added: {} } })
      await importStudy(here, first.part)
      expect(await compare()).toMatchObject({ passed: true, comparison: { withheld: 0, added: {} } })
    })
    await elsewhere(async (here) => {
      await Promise.all([importStudy(here, first.part), importStudy(here, second.part)])
      expect(await verifySeal(first.sealFile, (work) => work(here))).toMatchObject({ passed: true })
    })
  })
})

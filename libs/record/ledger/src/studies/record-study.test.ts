import { configurationId } from '@gauntlet/study'
import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { clean, configurationWith, linf, studyOf, useLedger } from '../ledger.fixture.ts'
import { perturbationKey, recordStudy } from './record-study.ts'
import {
  configuration,
  exclusion,
  perturbation,
  study,
  studyConfiguration,
  studyPerturbation,
} from '../schema/index.ts'

const ledger = useLedger()
const everyRow = async () =>
  Promise.all(
    [study, configuration, perturbation, studyConfiguration, studyPerturbation, exclusion].map((table) =>
      ledger.db.select().from(table),
    ),
  )

it('keeps the documents as they were, so that their identities can be computed again', async () => {
  await recordStudy(ledger.db, studyOf('documents', [configurationWith(1)]))
  for (const row of await ledger.db.select().from(configuration)) expect(configurationId(row.document)).toBe(row.id)
  for (const row of await ledger.db.select().from(perturbation)) expect(perturbationKey(row.document)).toBe(row.key)
})

it('writes the same rows when a study is recorded again, also by several at once', async () => {
  const record = {
    ...studyOf('again', [configurationWith(1), configurationWith(2)]),
    exclusions: [{ cell: { loss: 'TRADES' }, reason: 'too dear' }],
  }
  await Promise.all([recordStudy(ledger.db, record), recordStudy(ledger.db, record), recordStudy(ledger.db, record)])
  const before = await everyRow()
  await recordStudy(ledger.db, { ...record, file: '# only a comment has changed' })
  expect(await everyRow()).toEqual(before)
})

it('shares configurations and perturbations between studies, each in its own order', async () => {
  const [first, second] = [configurationWith(11), configurationWith(12)]
  await recordStudy(ledger.db, studyOf('forwards', [first, second], [clean, linf]))
  const backwards = studyOf('backwards', [second, first], [linf, clean])
  await recordStudy(ledger.db, backwards)
  const members = ledger.db
    .select()
    .from(studyConfiguration)
    .where(eq(studyConfiguration.studyId, backwards.id))
    .orderBy(studyConfiguration.position)
  expect((await members).map((row) => row.configurationId)).toEqual([second, first].map(configurationId))
  const measured = ledger.db
    .select()
    .from(studyPerturbation)
    .where(eq(studyPerturbation.studyId, backwards.id))
    .orderBy(studyPerturbation.position)
  expect((await measured).map((row) => row.perturbationKey)).toEqual([linf, clean].map(perturbationKey))
})

it('takes a study of 1,440 configurations', async () => {
  const record = studyOf(
    'reference',
    Array.from({ length: 1440 }, (_, seed) => configurationWith(seed)),
  )
  await recordStudy(ledger.db, record)
  const members = ledger.db.$count(studyConfiguration, eq(studyConfiguration.studyId, record.id))
  expect(await members).toBe(1440)
})

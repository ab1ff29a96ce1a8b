import { hasPostgres } from '@gauntlet/infra'
import { recordStudy } from '@gauntlet/ledger'
import { expandStudy, parseStudy, studyId } from '@gauntlet/study'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { useHome } from '../stack/home.fixture.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { readNamedStudy, readStudyToPlanShowingPins } from './read-study.ts'

const file = `name: mine
datasets: [digits]
backbones: [tf_efficientnet_lite0.in1k]
losses: [TRADES]
protocols: [FFT-2]
evaluator: apgd-ce
`

const home = useHome()

it('reads a study by the name or id under which the ledger has it, where no file has that name', async () => {
  await expect(readNamedStudy('mine')).rejects.toThrow(/^There is no study mine; give a path, or one of .*quickstart/)
  expect(hasPostgres(home())).toBe(false) // nothing was made to find that out
  const study = parseStudy(file, 'mine.study.yaml')
  const id = studyId(study)
  const { name, description } = study
  await withLedger(({ db }) =>
    recordStudy(db, { id, name, document: { name, description }, file, ...expandStudy(study) }),
  )
  for (const named of ['mine', id, id.slice(0, 12)]) {
    const found = await readNamedStudy(named)
    expect([studyId(found.study), found.bytes.toString(), found.named]).toEqual([id, file, named])
  }
  const planned = await readStudyToPlanShowingPins('mine', join(home(), 'cache'))
  expect([studyId(planned.study), planned.unreachable.size]).toEqual([id, 0])
  expect((await readNamedStudy('quickstart')).study.name).toBe('quickstart')
  // Of two of one name it takes the last, and says so.
  const longer = file.replace('FFT-2', 'FFT-4')
  const other = parseStudy(longer, 'mine.study.yaml')
  await withLedger(({ db }) =>
    recordStudy(db, {
      id: studyId(other),
      name,
      document: { name, description },
      file: longer,
      ...expandStudy(other),
    }),
  )
  const said = vi.spyOn(console, 'error').mockReturnValue()
  expect(studyId((await readNamedStudy('mine')).study)).toBe(studyId(other))
  expect(said.mock.calls.join('\n')).toContain(
    `2 studies are named mine; this is the last one, ${studyId(other).slice(0, 12)}`,
  )
  await expect(readNamedStudy('yours')).rejects.toThrow(
    /^There is no study yours; give a path, or one of [a-z, ]*smoke, or one that the ledger holds: mine\.$/,
  )
  await expect(readNamedStudy('./mine.yaml')).rejects.toThrow('There is no study file ./mine.yaml')
}, 60_000)

import { recordStudy } from '@gauntlet/ledger'
import { expandStudy, parseStudy, studyId } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { useHome } from '../stack/home.fixture.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { callCommand } from './call-command.fixture.ts'
import { addStudies } from './studies.ts'

useHome()

const studies = (...args: string[]) => callCommand(addStudies, 'studies', ...args)

it('says so where there is no study to list', async () => {
  expect(await studies()).toMatch(/^The ledger has no study yet; /)
  expect(await studies('thesis')).toMatch(/^No study has "thesis" in its name, /)
  expect(JSON.parse(await studies('thesis', '--json'))).toEqual({ total: 0, studies: [] })
}, 60_000)

it('says how many studies there are where it lists fewer', async () => {
  await withLedger(async ({ db }) => {
    for (const name of ['one', 'two', 'three']) {
      const file = `name: ${name}
datasets: [digits]
backbones: [tf_efficientnet_lite0.in1k]
losses: [TRADES]
protocols: [FFT-2]
evaluator: apgd-ce
`
      const study = parseStudy(file, name)
      await recordStudy(db, { id: studyId(study), name, document: { name }, file, ...expandStudy(study) })
    }
  })
  expect(await studies()).not.toContain('studies')
  expect(await studies('--limit', '2')).toMatch(/\n2 of 3 studies, the latest; more with: --limit 3$/)
  expect(await studies('o', '--limit', '1')).toMatch(/\ntwo .*\n\n1 of 2 studies/)
  expect(JSON.parse(await studies('--limit', '1', '--json'))).toMatchObject({ total: 3, studies: [{ name: 'three' }] })
}, 60_000)

import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WorkspaceCopy } from '@gauntlet/infra/fixtures/workspace-copy'
import { attemptCounts } from './recorded-results.fixture.ts'
import { GauntletHome } from './gauntlet-home.fixture.ts'
import { narrow } from './studies.fixture.ts'

/*
 * A table shows the numbers of the present code and environment, or none. A part of the smoke study runs in one home
 * from a copy of this checkout, whose precision and code change back and forth.
 */

const copy = new WorkspaceCopy()
const home = new GauntletHome({ checkout: copy.folder })
const minutes = 60_000

interface Row {
  readonly row: number
  readonly measurementId: string
  readonly environmentClass: string
  readonly codeDigest: string
  readonly inputContract: string
  readonly current: boolean
  readonly differences?: readonly { readonly stage: string; readonly what: string }[]
}

interface Reason {
  readonly stage: string
  readonly stages: readonly unknown[]
  readonly reason: { readonly why: string; readonly differences?: readonly { readonly what: string }[] }
}

const study = home.study('narrow', narrow)
const table = () => home.json<Row[]>('run', study)
const idsOf = (rows: readonly Row[]) => rows.map(({ row, measurementId }) => [row, measurementId])
let first: Row[]

beforeAll(async () => {
  first = await table()
}, 5 * minutes)

afterAll(async () => {
  await home.remove()
  copy.remove()
}, 2 * minutes)

it('has the environment, the code and the input contract of every number', () => {
  expect(first).toHaveLength(4)
  for (const row of first) {
    expect(row).toMatchObject({ current: true, inputContract: 'native' })
    expect([row.environmentClass, row.codeDigest]).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ])
  }
})

it(
  'is reported with intervals of its ranks, its outcomes and their images',
  async () => {
    const folder = join(home.folder, 'report')
    expect(await home.succeed('report', 'narrow', '--out', folder, '--draws', '50')).toMatch(
      /digest of its numbers is [0-9a-f]{64}\./,
    )
    const page = readFileSync(join(folder, 'index.html'), 'utf8')
    expect(page).toMatch(/<strong>measured here<\/strong>/)
    expect(page).toContain('Outcome atlas')
    expect(page).toMatch(/<img src="data:image\/png;base64,/)
    for (const { row } of first) expect(page).toContain(`id="number-${row}"`)
    const outcomes = readFileSync(join(folder, 'numbers.csv'), 'utf8').match(/,outcomes [0-9a-f]{64}$/gm)
    expect(new Set(outcomes).size).toBe(4)
  },
  2 * minutes,
)

it(
  'goes by the last recorded description of the pool where no engine is at hand, and says so',
  async () => {
    const engine = join(copy.folder, 'node_modules/@tensorflow')
    renameSync(engine, `${engine}-away`)
    try {
      expect(idsOf(await home.json<Row[]>('results', 'narrow'))).toEqual(idsOf(first))
      expect(await home.succeed('results', 'narrow')).toMatch(
        /No worker could be asked; the table is for the pool as it described itself at \d{4}-/,
      )
    } finally {
      renameSync(`${engine}-away`, engine)
    }
  },
  2 * minutes,
)

it(
  'has other numbers in another precision, and the first ones again in the first precision, though workers were left running',
  async () => {
    await home.succeed('up')
    home.variables = { GAUNTLET_PRECISION: 'bfloat16' }
    const second = await table()
    expect(second).toHaveLength(4)
    const ids = new Set(first.map(({ measurementId }) => measurementId))
    expect(second.filter(({ measurementId }) => ids.has(measurementId))).toEqual([])
    home.variables = {}
    expect(idsOf(await table())).toEqual(idsOf(first))
    await home.succeed('down')
    expect(idsOf(await home.json<Row[]>('results', 'narrow'))).toEqual(idsOf(first))

    const all = await home.json<Row[]>('results', 'narrow', '--all')
    expect(idsOf(all.filter(({ current }) => current))).toEqual(idsOf(first))
    const older = all.filter(({ current }) => !current)
    expect(new Set(idsOf(older).map(String))).toEqual(new Set(idsOf(second).map(String)))
    for (const { differences } of older)
      expect(new Set(differences!.map(({ what }) => what))).toEqual(new Set(['environment.precision']))
  },
  5 * minutes,
)

/** Why stages of the study would run now. */
async function why() {
  const { reasons } = await home.json<{ reasons: readonly Reason[] }>('plan', study, '--why')
  return reasons.map(({ stage, reason, stages }) => ({
    stage,
    count: stages.length,
    why: reason.why,
    ...(reason.differences ? { what: reason.differences.map(({ what }) => what) } : {}),
  }))
}

const stage = 'workers/gpu/src/stages/perturb-and-evaluate.ts'
const source = readFileSync(join(copy.folder, stage), 'utf8')

it(
  'needs nothing for an edited comment',
  async () => {
    const file = 'libs/science/engine/src/index.ts'
    const undo = copy.edit(file, 'export { within', '// Said otherwise.\nexport { within')
    expect(await why()).toEqual([])
    undo()
  },
  minutes,
)

it(
  'has other numbers by edited code, and the first ones again once the edit is reverted, without running anything',
  async () => {
    copy.write(stage, source.replace('const keepingShare = 1 / 20', 'const keepingShare = 1 / 21'))
    expect(await why()).toEqual([{ stage: 'perturb-and-evaluate', count: 4, why: 'differs', what: ['code'] }])
    const edited = await table()
    expect(edited.map(({ row }) => row)).toEqual(first.map(({ row }) => row))
    expect(edited.filter((row, i) => row.codeDigest === first[i]!.codeDigest)).toEqual([])
    copy.write(stage, source)
    const before = await attemptCounts(home)
    expect(idsOf(await table())).toEqual(idsOf(first))
    expect(await attemptCounts(home)).toEqual(before)
  },
  5 * minutes,
)

it(
  'has no number and exits with 1 where new code fails everywhere',
  async () => {
    const body = 'const { configuration, dataset, checkpoint, perturbation } = request.input\n'
    copy.write(stage, source.replace(body, `${body}  if (perturbation) throw new Error('planted failure')\n`))
    const { code, stdout, stderr } = await home.run('run', study)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^narrow has no number by the present code in this environment/)
    expect(stdout).toMatch(/Bug, Error: planted failure/)
    expect(stdout).toMatch(/4 cells have numbers by other code.* npx gauntlet results narrow --all shows them/)
    expect(stderr).toMatch(/4 cells have no number; the table says why/)
    expect(await why()).toMatchObject([{ stage: 'perturb-and-evaluate', count: 4, why: 'failed' }])
    copy.write(stage, source)
    expect(idsOf(await home.json<Row[]>('results', 'narrow'))).toEqual(idsOf(first))
  },
  5 * minutes,
)

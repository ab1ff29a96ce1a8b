import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'
import { variant } from '../end-to-end/studies.fixture.ts'

/*
 * A number is computed again where it was imported: a study of two numbers is exported with every artifact, and an
 * empty installation imports it, verifies its seal, says where its numbers came from, and executes the stages of one
 * again. Two minutes on two quiet cores.
 */

const [home, other] = [new GauntletHome(), new GauntletHome()]
const minutes = 60_000
const archive = join(home.folder, 'carried.zip')
const others = '  - { name: L2, epsilon: 0.3 }\n  - { name: L1, epsilon: 4 }\n  - common'

interface Row {
  readonly correct: number
  readonly importSeal: string | null
}
let here: Row[]

beforeAll(async () => {
  const study = home.study(
    'carried',
    variant('carried', ['protocols: [FFT-1, LP-1]', 'protocols: [LP-1]'], [others, '# two perturbations']),
  )
  here = await home.json<Row[]>('run', study)
  await home.succeed('export', 'carried', archive, '--artifacts', 'all')
}, 8 * minutes)
afterAll(() => Promise.all([home.remove(), other.remove()]), 2 * minutes)

it(
  'is the same there, by the bundles and the artifacts of the export',
  async () => {
    await other.succeed('import', archive)
    const { passed, digest } = await other.json<{ passed: boolean; digest: string }>('seal', '--verify', archive)
    expect(passed).toBe(true)

    expect(here.map(({ importSeal }) => importSeal)).toEqual([null, null])
    const there = await other.json<Row[]>('results', 'carried')
    expect(there).toEqual(here.map((row) => ({ ...row, importSeal: digest })))
    expect(await other.succeed('doubt', 'digits')).toContain(`imported under ${digest}: 2 numbers of them`)

    const [again] = await other.json<Row[]>('reproduce', 'carried', '2')
    expect(again).toMatchObject({
      verdict: 'same-bytes',
      firstStage: null,
      changedImages: 0,
      correct: here[1]!.correct,
    })
    const trace = await other.succeed('trace', 'carried', '2')
    expect(trace).toContain(`imported under seal ${digest}: perturb-and-evaluate`)
    expect(trace).toMatch(/computed again .* by the recorded code: same bytes/)
  },
  8 * minutes,
)

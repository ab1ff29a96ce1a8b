import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WorkspaceCopy } from '@gauntlet/infra/fixtures/workspace-copy'
import { attemptCounts } from '../end-to-end/recorded-results.fixture.ts'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'
import { variant } from '../end-to-end/studies.fixture.ts'

/*
 * A study keeps its numbers over a change of code that alters no byte, and not over one that does. It runs from a copy
 * of this checkout, whose evaluation is edited.
 */

const copy = new WorkspaceCopy()
const home = new GauntletHome({ checkout: copy.folder })
const minutes = 60_000

const others = '  - { name: L2, epsilon: 0.3 }\n  - { name: L1, epsilon: 4 }\n  - common'
const study = home.study(
  'bridged',
  variant('bridged', ['protocols: [FFT-1, LP-1]', 'protocols: [LP-1]'], [others, '# two perturbations']),
)
const stage = 'workers/gpu/src/stages/perturb-and-evaluate.ts'
const source = readFileSync(join(copy.folder, stage), 'utf8')
/** An edit that alters how often progress is kept, and no byte that is made. */
const harmless = source.replace('const keepingShare = 1 / 20', 'const keepingShare = 1 / 21')
/** An edit that alters the margins in the outcomes. */
const altering = source.replace(
  'encodeOutcomes(outcomes, facts)',
  'encodeOutcomes(outcomes.map((one) => ({ ...one, margin: one.margin === null ? null : one.margin / 2 })), facts)',
)

interface Row {
  readonly measurementId: string
  readonly flags: readonly { readonly name: string; readonly value: number }[]
}
interface Attempt {
  readonly bridge: number | null
  readonly refusal: string | null
  readonly judged: readonly { readonly verdict: string }[]
}

const bridge = ['reproduce', 'bridged', '--with', 'current', '--sample', '20%', '--bridge'] as const
let first: Row[]

beforeAll(async () => {
  first = await home.json<Row[]>('run', study)
}, 5 * minutes)

afterAll(async () => {
  await home.remove()
  copy.remove()
}, 2 * minutes)

it(
  'is refused a bridge over code that makes other bytes, with the first stage named',
  async () => {
    copy.write(stage, altering)
    const { code, stdout } = await home.run(...bridge)
    expect(code).toBe(1)
    expect(stdout).toMatch(/Not bridged\. The present code makes other bytes, first at stage perturb-and-evaluate/)
    expect(await home.json<Row[]>('results', 'bridged')).toEqual([])
  },
  5 * minutes,
)

it(
  'keeps its numbers over a change that alters no byte, says so wherever they are shown, and runs nothing',
  async () => {
    copy.write(stage, harmless)
    const before = await attemptCounts(home)
    const attempt = await home.json<Attempt>(...bridge)
    expect([...new Set(attempt.judged.map(({ verdict }) => verdict))]).toEqual(['same-bytes'])
    const rows = await home.json<Row[]>('results', 'bridged')
    expect(rows.map(({ measurementId }) => measurementId)).toEqual(first.map(({ measurementId }) => measurementId))
    for (const { flags } of rows)
      expect(flags).toContainEqual({ name: 'bridged', value: attempt.bridge, limit: 0, policy: 'mark' })
    expect(await home.succeed('plan', study)).toMatch(/all 6 stages are reused \(2 by a bridge over a code change\)/)
    expect(await home.succeed('trace', 'bridged', '2')).toContain(`bridge ${attempt.bridge}: stage `)
    expect(await home.json<Row[]>('run', study)).toEqual(rows)
    expect(await attemptCounts(home)).toEqual(before)
    expect(await home.json('verify', 'bridged')).toMatchObject({ holds: true })
  },
  5 * minutes,
)

it(
  'has no number by the present code any more once the bridge is revoked',
  async () => {
    await home.succeed('reproduce', 'bridged', '--revoke', '1', '--why', 'a fifth is too few')
    expect(await home.json<Row[]>('results', 'bridged')).toEqual([])
    expect(await home.succeed('reproduce', 'bridged', '--bridges')).toMatch(
      /^1 {2}made \d{4}-\d\d-\d\d for 2 stages behind 2 numbers, of which 2 had .*\n +revoked .*: a fifth is too few/,
    )
    copy.write(stage, source)
    const rows = await home.json<Row[]>('results', 'bridged')
    expect(rows.map(({ measurementId }) => measurementId)).toEqual(first.map(({ measurementId }) => measurementId))
  },
  3 * minutes,
)

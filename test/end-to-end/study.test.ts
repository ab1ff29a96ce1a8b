import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newestNode, nodeProgram } from '../nodes/pinned-nodes.ts'
import {
  attemptCounts,
  countRows,
  recordedResults,
  fulfilledBy,
  type RecordedResults,
} from './recorded-results.fixture.ts'
import { GauntletHome, until } from './gauntlet-home.fixture.ts'
import { requireOneFulfilmentEach, requireResumption } from './attempt-history.fixture.ts'
import { narrow, smoke, variant } from './studies.fixture.ts'

interface Verification {
  readonly holds: boolean
  readonly levels: readonly { readonly name: string }[]
}

/*
 * The whole system on its smallest real study: command line, Postgres, Temporal, workers, engine, real weights, real
 * digits. In one home the study runs undisturbed, and everything is done with its results. In the other one a part of
 * it is killed again and again, and must end with the same results.
 */

const home = new GauntletHome()
const killedHome = new GauntletHome()
let undisturbed: RecordedResults

/** The rows of the undisturbed study that `narrow` has too. */
function narrowRows(): Readonly<Record<string, unknown>> {
  const isShared = (name: string) => /· (clean|Linf)$/.test(name)
  return Object.fromEntries(Object.entries(undisturbed.rows).filter(([name]) => isShared(name)))
}

/** A study that shares one of its two configurations with `smoke`. */
const sharing = home.study(
  'sharing',
  variant(
    'sharing',
    ['losses: [Classic AT]', 'losses: [Classic AT, TRADES]'],
    ['protocols: [FFT-1, LP-1]', 'protocols: [LP-1]'],
  ),
)
/** `smoke` with one perturbation more. */
const extended = home.study(
  'extended',
  variant('extended', ['  - common', '  - common\n  - { name: Linf, epsilon: 8/255 }']),
)

interface Row {
  readonly row: number
  readonly [field: string]: unknown
}
interface Plan {
  readonly byStage: readonly { readonly stage: string; readonly fulfilled: number; readonly toRun: number }[]
}

beforeAll(async () => {
  // The folder for temporary files vanishes while the workers run, as cleaners and schedulers have it.
  const TMPDIR = join(home.folder, 'temporary')
  mkdirSync(TMPDIR)
  home.variables = { TMPDIR }
  await home.succeed('up')
  rmSync(TMPDIR, { recursive: true })
  await home.succeed('run', home.study('smoke', smoke))
  undisturbed = await recordedResults(home, 'smoke')
}, 600_000)

afterAll(async () => {
  await Promise.all([home.remove(), killedHome.remove()])
}, 120_000)

describe('an undisturbed study', () => {
  it('is exported under a seal that covers it, and an import of what is known changes nothing', async () => {
    const archive = join(home.folder, 'smoke.zip')
    expect(await home.succeed('export', 'smoke', archive)).toMatch(/^gauntlet seal [0-9a-f]{64} · smoke · 10 numbers/)
    const verdict = await home.json<object>('seal', '--verify', archive)
    expect(verdict).toMatchObject({ passed: true, export: { measurements: 10, withheld: 0 } })
    expect(await home.succeed('import', archive)).toContain('0 numbers, 0 stages and 0 artifacts are new here')
    const seal = join(home.folder, 'kept.seal.json')
    await home.succeed('seal', 'smoke', '--out', seal)
    const { holds, levels } = await home.json<Verification>('verify', 'smoke', '--seal', seal)
    expect(holds).toBe(true)
    expect(levels.map(({ name }) => name)).toEqual(['bytes', 'keys', 'numbers', 'graph', 'seal'])
  })

  it('has a proof of one number, which says as JSON what it proves', async () => {
    const proof = join(home.folder, 'row.proof.json')
    const proven = await home.json<Record<string, unknown>>('seal', 'smoke', '--prove', '2', '--out', proof)
    const [row] = await home.json<Row[]>('results', 'smoke', '--rows', '2')
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(proven).toEqual({ file: proof, seal: digest, correct: row!.correct, total: row!.total })
    expect(await home.json<object>('seal', '--verify', proof)).toMatchObject({ digest: proven.seal, passed: true })
  })

  it('has a row for each perturbation of each configuration, every number over every test image', async () => {
    const rows = await home.json<Row[]>('results', 'smoke')
    const perturbations = ['clean', 'Linf', 'L2', 'L1', 'common']
    expect(rows.map(({ row, protocol, perturbation }) => [row, protocol, perturbation])).toEqual(
      ['FFT-1', 'LP-1'].flatMap((protocol, i) =>
        perturbations.map((perturbation, j) => [5 * i + j + 1, protocol, perturbation]),
      ),
    )
    expect(await home.json<Row[]>('results', 'smoke', '--rows', '3-7')).toEqual(rows.slice(2, 7))
    const evaluators = {
      clean: 'argmax',
      Linf: 'apgd-ce-3',
      L2: 'apgd-ce-3',
      L1: 'apgd-ce-3',
      common: 'corruptions-11-s3',
    }
    for (const row of rows) {
      expect(row).toMatchObject({
        dataset: 'digits',
        backbone: 'tf_efficientnet_lite0.in1k',
        loss: 'Classic AT',
        seed: 1,
        total: 40,
      })
      expect(row.evaluator).toBe(evaluators[row.perturbation as keyof typeof evaluators])
      expect(row.correct).toBeOneOf(Array.from({ length: 41 }, (_, correct) => correct))
      expect(row.accuracy).toBe((row.correct as number) / 40)
    }
  })

  it('ran every stage once', async () => {
    expect(await attemptCounts(home)).toEqual({
      'checkpoint fulfilled': 2,
      'fine-tune fulfilled': 2,
      'perturb-and-evaluate fulfilled': 10,
      'prepare-dataset fulfilled': 1,
      'pretrain-load fulfilled': 1,
    })
  })

  it('can be traced from a number to the bytes it came from, and to the workers that made it', async () => {
    const trace = await home.json<{
      measurement: { outcomesDigest: string }
      executions: Traced[]
      sources: { role: string; artifact: { digest: string } }[]
    }>('trace', 'smoke', '2')
    const stage = (name: string) => trace.executions.find((execution) => execution.stage === name)!
    const [evaluated, checkpoint, tuned] = [stage('perturb-and-evaluate'), stage('checkpoint'), stage('fine-tune')]
    expect(evaluated.generated['outcomes']!.digest).toBe(trace.measurement.outcomesDigest)
    expect(evaluated.used['checkpoint']).toEqual(checkpoint.generated['checkpoint'])
    expect(checkpoint.used['trained']).toEqual(tuned.generated['trained'])
    expect(tuned.used['parameters']).toEqual(stage('pretrain-load').generated['parameters'])
    expect(tuned.used['manifest']).toEqual(stage('prepare-dataset').generated['manifest'])
    expect(trace.sources.map(({ role }) => role).sort()).toEqual(['source', 'weights'])
    for (const { artifact } of trace.sources) expect(artifact.digest).toMatch(/^[0-9a-f]{64}$/)
    for (const { codeDigest, environmentClass, attempts } of trace.executions) {
      expect([codeDigest, environmentClass]).toEqual([
        expect.stringMatching(/^[0-9a-f]{64}$/),
        expect.stringMatching(/^[0-9a-f]{64}$/),
      ])
      expect(attempts).toEqual([
        expect.objectContaining({
          number: 1,
          outcome: 'fulfilled',
          worker: expect.stringMatching(/^gpu@/),
          device: expect.stringMatching(/#\d+$/),
        }),
      ])
    }
  })

  it('is borne out by its bytes, and a stage executed again by its recorded code makes the same ones', async () => {
    interface Verified {
      readonly holds: boolean
      readonly levels: readonly { readonly name: string; readonly counts: { readonly proved: number } }[]
    }
    const { holds, levels } = await home.json<Verified>('verify', 'smoke')
    expect([holds, levels.map(({ name }) => name)]).toEqual([true, ['bytes', 'keys', 'numbers', 'graph']])
    expect(levels.find(({ name }) => name === 'numbers')!.counts.proved).toBe(10)
    const again = await home.json<{ stages: unknown[] }[]>('reproduce', 'smoke', '2', '--from', 'checkpoint')
    expect(again).toMatchObject([{ verdict: 'same-bytes', firstStage: null, changedImages: 0 }])
    expect(again[0]!.stages).toHaveLength(2)
    const { reproductions } = await home.json<{ reproductions: unknown[] }>('trace', 'smoke', '2')
    expect(reproductions).toMatchObject([{ verdict: 'same-bytes', code: 'recorded' }])
  })

  it('gives a picture of every evaluation whose perturbation felled an image', async () => {
    const folder = join(home.folder, 'sheets')
    await home.succeed('results', 'smoke', '--sheets', folder)
    const rows = await home.json<(Row & { perturbation: string; correct: number })[]>('results', 'smoke')
    const felled = rows.filter(({ row, perturbation, correct }) => {
      const clean = rows[row - 1 - ((row - 1) % 5)]!
      return perturbation === 'common' ? correct < 40 : correct < clean.correct
    })
    const expected = felled.map(({ row, perturbation }) => `row-${row}-${perturbation}.png`).toSorted()
    expect(expected.length).toBeGreaterThan(5)
    expect(readdirSync(folder).toSorted()).toEqual(expected)
    for (const name of expected) expect(readFileSync(join(folder, name)).toString('latin1', 1, 4)).toBe('PNG')
  })

  it('is shown by the dashboard, which tries it again without repeating anything', async () => {
    const before = await attemptCounts(home)
    const dashboard = home.start('dashboard', '--port', '0')
    const printed = new Promise<string>((resolve) =>
      dashboard.process.stdout!.on('data', (text) => resolve(String(text))),
    )
    const url = (await printed).match(/http:\/\/127\.0\.0\.1:\d+\//)![0]
    const study = `${url}api/studies/smoke`
    const served = (await (await fetch(`${study}/measurements`)).json()) as unknown
    expect(served).toEqual(await home.json('results', 'smoke'))
    const retry = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    expect((await fetch(`${study}/actions/retry`, retry)).status).toBe(200)
    const status = async () => ((await (await fetch(`${study}/now`)).json()) as { status: string }).status
    await until('the second run to end', async () => (await status()) === 'completed')
    expect(await attemptCounts(home)).toEqual(before)
    dashboard.process.kill('SIGINT')
    expect((await dashboard.ended).code).toBe(0)
  })

  it('is not run again', async () => {
    const before = await attemptCounts(home)
    const again = await home.run('run', home.study('smoke', smoke), '--json')
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing to do: all 16 stages are reused') })
    expect(JSON.parse(again.stdout)).toEqual(await home.json('results', 'smoke'))
    expect(await attemptCounts(home)).toEqual(before)
  })
})

interface Traced {
  readonly stage: string
  readonly codeDigest: string
  readonly environmentClass: string
  readonly used: Readonly<Record<string, { readonly digest: string }>>
  readonly generated: Readonly<Record<string, { readonly digest: string }>>
  readonly attempts: readonly unknown[]
}

describe('a study that shares with one that has run', { timeout: 180_000 }, () => {
  it('plans what is new and runs only that: another loss', async () => {
    await runsOnlyWhatIsPlanned(sharing, {
      'prepare-dataset': 0,
      'pretrain-load': 0,
      'fine-tune': 1,
      checkpoint: 1,
      'perturb-and-evaluate': 5,
    })
    expect(await home.json('results', 'sharing')).toHaveLength(10)
  })

  it('plans what is new and runs only that: another perturbation', async () => {
    await runsOnlyWhatIsPlanned(extended, {
      'prepare-dataset': 0,
      'pretrain-load': 0,
      'fine-tune': 0,
      checkpoint: 0,
      'perturb-and-evaluate': 2,
    })
    expect(await home.json('results', 'extended')).toHaveLength(12)
  })

  it('makes an artifact again whose bytes have changed, and has the same rows then', async () => {
    const checkpoints = [...undisturbed.executions.values()].filter(({ stage }) => stage === 'checkpoint')
    const damaged = home.artifactFile(checkpoints[0]!.generated['checkpoint']!.digest)
    const whole = readFileSync(damaged)
    chmodSync(damaged, 0o644)
    writeFileSync(
      damaged,
      Buffer.concat([whole.subarray(0, 1_000), Buffer.of(whole[1_000]! ^ 1), whole.subarray(1_001)]),
    )
    const before = await attemptCounts(home)
    await home.succeed('run', home.study('smoke', smoke))
    // Training wrote these bytes too, and the store keeps them once.
    expect(await attemptCounts(home)).toEqual({ ...before, 'fine-tune superseded': 1 })
    expect(readFileSync(damaged).equals(whole)).toBe(true)
    expect((await recordedResults(home, 'smoke')).rows).toEqual(undisturbed.rows)
  })

  async function runsOnlyWhatIsPlanned(study: string, expected: Readonly<Record<string, number>>): Promise<void> {
    const before = await attemptCounts(home)
    const plan = await home.json<Plan>('plan', study)
    const planned: Record<string, number> = {}
    for (const { stage, toRun } of plan.byStage) planned[stage] = (planned[stage] ?? 0) + toRun
    expect(planned).toEqual(expected)
    expect(await attemptCounts(home)).toEqual(before)
    await home.succeed('run', study)
    const after = await attemptCounts(home)
    for (const [stage, count] of Object.entries(expected))
      expect(after[`${stage} fulfilled`]! - before[`${stage} fulfilled`]!, stage).toBe(count)
  }
})

describe('misuse', () => {
  it('is one line that says what to change, and exit code 2', async () => {
    const broken = home.study('broken', smoke.replace('losses: [Classic AT]', 'losses: [Classical AT]'))
    const line = smoke.split('\n').findIndex((text) => text.startsWith('losses:')) + 1
    const unknownLoss = new RegExp(`broken\\.study\\.yaml:${line}:\\d+: .*Classical AT`)
    const commands: [args: string[], says: RegExp][] = [
      [['run', broken], unknownLoss],
      [['plan', broken], unknownLoss],
      [['run', 'no-such-study'], /no study no-such-study.*quickstart/],
      [['results', 'no-such-study'], /no study "no-such-study".*smoke/],
      [['trace', 'smoke', '11'], /no row 11.*rows 1 to 10/],
      [['results', 'smoke', '--rows', '7-3'], /--rows is "7-3".*1-500, or all/],
      [['reproduce', 'smoke', '2', '--bridge'], /--bridge rests on a share by the present code/],
      [['trace', 'smoke', 'first'], /"first" is not a row/],
      [['dashboard', '--host', '0.0.0.0'], /set GAUNTLET_DASHBOARD_TOKEN/],
      [['dashboard', '--port', 'none'], /--port is "none"; give a whole number from 0 to 65535/],
      [['jjj', 'smoke'], /unknown command 'jjj'/],
    ]
    const ended = await Promise.all(commands.map(([args]) => home.run(...args)))
    for (const [i, { code, stdout, stderr }] of ended.entries()) {
      expect({ code, stdout, lines: stderr.trim().split('\n').length }, stderr).toEqual({
        code: 2,
        stdout: '',
        lines: 1,
      })
      expect(stderr).toMatch(commands[i]![1])
    }
  })

  it('can be avoided with --help, which lists every command', async () => {
    const { code, stdout } = await home.run('--help')
    expect(code).toBe(0)
    const control = ['submit', 'watch', 'pause', 'resume', 'retry', 'cancel']
    for (const command of ['doctor', 'up', 'down', 'plan', 'run', ...control, 'results', 'trace', 'dashboard'])
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
  })
})

describe('a study that has ended', () => {
  it('cannot be changed, which a sentence says', async () => {
    const file = home.study('smoke', smoke)
    for (const command of ['pause', 'resume', 'retry', 'cancel']) {
      const { code, stderr } = await home.run(command, file)
      expect([code, stderr]).toEqual([1, `smoke does not run; start it with: npx gauntlet run '${file}'\n`])
    }
  })
})

describe('services', () => {
  it('started by `up` outlive every command, until `down`', async () => {
    expect(home.running()).toEqual(['gpu-worker', 'ledger-worker', 'postgres', 'temporal'])
    expect(await home.run('down')).toMatchObject({ code: 0, stdout: expect.stringContaining('postgres') })
    expect(home.running()).toEqual([])
  })
})

describe('a study under the newest Node.js that people have', () => {
  it('ends with the rows of this one, from the same keys to the same bytes', async () => {
    const newest = new GauntletHome({ node: await nodeProgram(newestNode) })
    try {
      const parts = await newest.json<{ part: string; version: string }[]>('doctor')
      expect(parts.find(({ part }) => part === 'node')?.version).toBe(newestNode.version)
      expect(await newest.json('run', newest.study('narrow', narrow))).toHaveLength(4)
      expect((await recordedResults(newest, 'narrow')).rows).toEqual(narrowRows())
    } finally {
      await newest.remove()
    }
  }, 600_000)
})

describe('a study that is killed', () => {
  it('ends with the rows of an undisturbed run, bit for bit, and repeats no finished work', async () => {
    const file = killedHome.study('narrow', narrow)

    const first = killedHome.start('run', file)
    const inTraining = await first.until('fine-tuning has left a checkpoint', () =>
      nonEmpty(killedHome.midStageCheckpoints()),
    )
    process.kill(-killedHome.pid('gpu-worker'), 'SIGKILL')
    const left = killedHome.midStageCheckpoints()
    expect([...left.keys()]).toEqual([...inTraining.keys()])

    await first.until('the run goes on by itself to its evaluations', async () => {
      return ((await attemptCounts(killedHome))['perturb-and-evaluate fulfilled'] ?? 0) >= 2
    })
    const fulfilledBefore = await fulfilledBy(killedHome)
    killedHome.killEverything()
    expect((await first.ended).code).not.toBe(0)
    await until('the last process is gone', () => killedHome.running().length === 0, { limitSeconds: 10 })

    const second = killedHome.start('run', file)
    await second.until('the worker is back', () => killedHome.running().includes('gpu-worker'))
    second.process.kill('SIGINT')
    expect(await second.ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`Go on with: npx gauntlet run '${file}'`),
    })
    expect(killedHome.running()).toEqual([])

    const last = await killedHome.run('run', file, '--json', '--weight', '3')
    expect(last.code, last.stderr).toBe(0)
    expect(last.stderr).toContain('narrow runs already and keeps the pools and the weight')
    expect(JSON.parse(last.stdout)).toHaveLength(4)
    const disturbed = await recordedResults(killedHome, 'narrow')
    expect(disturbed.rows).toEqual(narrowRows())
    expect(await countRows(killedHome, 'measurement')).toBe(4)
    requireOneFulfilmentEach(disturbed)
    expect(requireResumption(disturbed, left)).toEqual([...left.keys()])
    for (const [stageKey, attempt] of fulfilledBefore)
      expect(disturbed.executions.get(stageKey)!.attempts.at(-1)!.id).toBe(attempt)
  }, 600_000)
})

function nonEmpty<K, V>(map: Map<K, V>): Map<K, V> | undefined {
  return map.size > 0 ? map : undefined
}

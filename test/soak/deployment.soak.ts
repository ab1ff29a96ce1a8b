import { connect } from '@gauntlet/client'
import { WorkspaceCopy } from '@gauntlet/infra/fixtures/workspace-copy'
import { afterAll, expect, it } from 'vitest'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'
import { attemptCounts, executionsBehind } from '../end-to-end/recorded-results.fixture.ts'
import { variant } from '../end-to-end/studies.fixture.ts'

/*
 * Workflows and a stage that change under a running study, from a copy of this checkout: another command brings the
 * changes while the study trains. What the study has begun ends by the workflows and the code that it began with.
 */

const copy = new WorkspaceCopy()
const home = new GauntletHome({ checkout: copy.folder })
const minutes = 60_000

/** Of the perturbations of `smoke`, two. */
const fewer = ['  - { name: L2, epsilon: 0.3 }', '  - { name: L1, epsilon: 4 }', '  - common'].map(
  (line) => [line, '  #'] as const,
)

interface Row {
  readonly row: number
  readonly measurementId: string
  readonly codeDigest: string
  readonly current: boolean
}
interface Run {
  readonly workflowId: string
  readonly buildId: string | undefined
}

afterAll(async () => {
  await home.remove()
  copy.remove()
}, 2 * minutes)

/** The configurations that Temporal knows, each with the build that it ran by, the first that was started first. */
async function runsOfConfigurations(): Promise<Run[]> {
  const { port } = home.services().find(({ name }) => name === 'temporal')!
  const { client, close } = await connect({ address: `127.0.0.1:${port}`, namespace: 'default' })
  try {
    const runs: (Run & { readonly startTime: Date })[] = []
    for await (const { workflowId, startTime } of client.workflow.list({ query: `WorkflowType = 'configuration'` })) {
      const { raw } = await client.workflow.getHandle(workflowId).describe()
      const buildId = raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined
      runs.push({ workflowId, buildId, startTime })
    }
    return runs.sort((a, b) => Number(a.startTime) - Number(b.startTime))
  } finally {
    await close()
  }
}

/** The workers that evaluated these rows. No attempt behind them failed, but for workers that were told to stop. */
async function workersOf(rows: readonly Row[]): Promise<ReadonlySet<string | null>> {
  const ids = rows.map(({ measurementId }) => measurementId)
  const executions = await executionsBehind(home, ids)
  for (const { stage, attempts } of executions)
    for (const { failureClass } of attempts) expect([null, 'Preempted'], stage).toContain(failureClass)
  const evaluations = executions.filter(({ stage }) => stage === 'perturb-and-evaluate')
  return new Set(evaluations.flatMap(({ attempts }) => attempts.map(({ worker }) => worker)))
}

it(
  'leaves the keys and the workflows of what a running study has begun, and begins what is new with the changes',
  async () => {
    const study = home.study(
      'longer',
      variant('longer', ...fewer, [
        'images: { train: 64, validation: 20, test: 40 }',
        'images: { train: 960, validation: 20, test: 40 }',
      ]),
    )
    const running = home.start('run', study, '--json')
    await running.until('a training has a checkpoint', () => home.midStageCheckpoints().size > 0, { limitSeconds: 300 })
    const before = await runsOfConfigurations()
    expect(before).toHaveLength(2)

    const undo = [
      copy.edit('workers/gpu/src/stages/perturb-and-evaluate.ts', 'keepingShare = 1 / 20', 'keepingShare = 1 / 21'),
      copy.edit(
        'workflows/src/configuration.ts',
        '  const memory = newMemory()\n',
        '  await sleep(10)\n  const memory = newMemory()\n',
      ),
    ]
    const text = variant(
      'later',
      ...fewer,
      ['losses: [Classic AT]', 'losses: [TRADES]'],
      ['protocols: [FFT-1, LP-1]', 'protocols: [LP-1]'],
    )
    const later = JSON.parse(await home.succeed('run', home.study('later', text), '--json')) as Row[]
    const { code, stdout, stderr } = await running.ended
    expect(code, stderr).toBe(0)
    const numbers = JSON.parse(stdout) as Row[]
    expect(numbers).toHaveLength(4)
    expect(later).toHaveLength(2)
    const codes = new Set(numbers.map(({ codeDigest }) => codeDigest))
    expect(later.filter(({ codeDigest }) => codes.has(codeDigest))).toEqual([])

    await home.succeed('up')
    const after = await runsOfConfigurations()
    const began = before[0]!.buildId
    expect(after.map(({ buildId }) => buildId === began)).toEqual([true, true, false])
    expect(after[2]!.buildId).toMatch(/^[0-9a-f]{64}$/)

    // Nothing was done twice by other code: with the changes undone, every number of the study is a current one.
    for (const each of undo) each()
    const current = await home.json<Row[]>('results', 'longer')
    expect(current.map(({ measurementId }) => measurementId)).toEqual(numbers.map(({ measurementId }) => measurementId))
    expect(current.every((row) => row.current)).toBe(true)
    const [old, changed] = [await workersOf(numbers), await workersOf(later)]
    expect(
      [...changed].some((worker) => old.has(worker)),
      'a worker of the changed checkout did the old code',
    ).toBe(true)
    expect((await attemptCounts(home))['perturb-and-evaluate fulfilled']).toBe(6)
  },
  12 * minutes,
)

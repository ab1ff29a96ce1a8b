import type { EngineOptions } from './options.ts'
import { requireSameWork } from './same-work.ts'
import { SideFailed, type Side, type Work } from './side.ts'
import type { SideResult, WorkResult } from './results.ts'
import { sideNames } from './sides.ts'

/** A side, and its results so far. */
interface Runner {
  readonly side: Side
  result: SideResult
}

/** The cost of a process of Gauntlet that finds no program checked before. */
export interface FirstStart {
  readonly seconds: number
  /** The peak of the process's memory in bytes, after the training step. */
  readonly memory?: number
}

/**
 * The very first start of each work on a machine. Programs are checked there, and later processes read that they were.
 */
export async function firstStarts(
  side: Side,
  works: readonly Work[],
  onWork: (work: Work) => void,
): Promise<Map<Work, FirstStart>> {
  const starts = new Map<Work, FirstStart>()
  try {
    for (const work of works) {
      onWork(work)
      const { seconds } = await side.ask('prepare', work)
      starts.set(work, { seconds, ...(work === 'training step' && { memory: (await side.ask('memory')).whole }) })
    }
  } catch (error) {
    if (!(error instanceof SideFailed)) throw error // it will fail again where it is measured
  } finally {
    await side.stop()
  }
  return starts
}

/**
 * Measures one work of one backbone. Each side prepares it alone; then they take turns (A B C, A B C, …), and the first
 * round is for warming up. A side that fails is listed with its message, and the others go on.
 */
export async function measureWork(
  work: Work,
  sides: readonly Side[],
  { rounds, firstStart }: Pick<EngineOptions, 'rounds'> & { readonly firstStart: FirstStart | undefined },
  onRound: (said: string) => void,
): Promise<WorkResult> {
  const runners = sides.map((side): Runner => ({ side, result: { side: side.name, milliseconds: [] } }))
  for (const runner of runners) {
    onRound(`${work}, ${runner.side.name} prepares`)
    await trying(runner, async () => {
      runner.result = { ...runner.result, prepared: await runner.side.ask('prepare', work) }
    })
  }
  for (let round = 0; round <= rounds[work]; round++) {
    onRound(`${work}, ${round === 0 ? 'warming up' : `round ${round} of ${rounds[work]}`}`)
    for (const runner of runners) await turn(runner, work, round > 0)
  }
  if (work === 'training step') for (const runner of runners) await readMemory(runner)
  const results = runners.map(({ result }) =>
    result.side === sideNames.gauntlet ? withFirst(result, firstStart) : result,
  )
  requireSameWork(results)
  return { work, sides: results }
}

function withFirst({ prepared, memory, ...rest }: SideResult, first: FirstStart | undefined): SideResult {
  return {
    ...rest,
    ...(prepared && { prepared: { ...prepared, ...(first && { coldSeconds: first.seconds }) } }),
    ...(memory && { memory: { ...memory, ...(first?.memory && { firstStart: first.memory }) } }),
  }
}

async function turn(runner: Runner, work: Work, counts: boolean): Promise<void> {
  await trying(runner, async () => {
    const { milliseconds } = await runner.side.ask('turn', work)
    if (counts) runner.result.milliseconds.push(milliseconds)
  })
}

async function readMemory(runner: Runner): Promise<void> {
  await trying(runner, async () => {
    runner.result = { ...runner.result, memory: await runner.side.ask('memory') }
  })
}

async function trying(runner: Runner, task: () => Promise<void>): Promise<void> {
  if (runner.result.failure !== undefined) return
  try {
    await task()
  } catch (error) {
    if (!(error instanceof SideFailed)) throw error
    runner.result.failure = error.message
  }
}

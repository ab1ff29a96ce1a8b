import type { Options } from './options.ts'
import { requireSameWork } from './same-work.ts'
import { SideFailed, type Side, type Work } from './side.ts'
import type { SideResult, WorkResult } from './results.ts'

/** A side that can still take its turns, and what it has shown. */
interface Runner {
  readonly side: Side
  result: SideResult
}

/**
 * One work of one backbone: every side prepares it alone, then they take turns, A B C, A B C, …, the first round to warm up. Those that fail are listed
 * with their sentence and the others go on.
 */
export async function measureWork(
  work: Work,
  sides: readonly Side[],
  { rounds }: Pick<Options, 'rounds'>,
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
  const results = runners.map(({ result }) => result)
  requireSameWork(results)
  return { work, sides: results }
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

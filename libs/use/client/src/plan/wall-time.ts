import type { PlannedStage } from '@gauntlet/contract'
import { configurationId, type Digest } from '@gauntlet/study'

/** A stage with the seconds that it takes on one device. */
export interface TimedStage {
  readonly planned: PlannedStage
  readonly seconds: number
}

interface Cell {
  training: number
  checking: number
  readonly evaluations: number[]
}

/**
 * The seconds until so many devices have done these stages, where a free device takes the stage that has waited
 * longest: those that configurations share first, then of each configuration training, checkpoint and evaluations.
 */
export function wallSeconds(stages: readonly TimedStage[], devices: number): number {
  const shared = stages.filter(
    ({ planned }) => planned.stage === 'prepare-dataset' || planned.stage === 'pretrain-load',
  )
  const begun = shared.reduce((sum, { seconds }) => sum + seconds, 0) / devices
  const free = new Float64Array(devices).fill(begun)
  const waiting: Task[] = cellsOf(stages).map((cell) => ({
    since: begun,
    seconds: cell.training,
    next: afterTraining(cell),
  }))
  let last = begun
  for (let done = 0; done < waiting.length; done++) {
    const { since, seconds, next } = waiting[done]!
    const device = free.indexOf(Math.min(...free))
    const end = Math.max(since, free[device]!) + seconds
    free[device] = end
    last = Math.max(last, end)
    for (const task of next(end)) insert(waiting, task, done + 1)
  }
  return last
}

interface Task {
  readonly since: number
  readonly seconds: number
  readonly next: (end: number) => readonly Task[]
}

const nothing = () => []

function afterTraining({ checking, evaluations }: Cell): Task['next'] {
  const evaluate = (end: number) => evaluations.map((seconds) => ({ since: end, seconds, next: nothing }))
  return (end) => [{ since: end, seconds: checking, next: evaluate }]
}

/** Keeps the tasks in the order in which they begin to wait. */
function insert(tasks: Task[], task: Task, from: number): void {
  let [low, high] = [from, tasks.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (tasks[middle]!.since <= task.since) low = middle + 1
    else high = middle
  }
  tasks.splice(low, 0, task)
}

function cellsOf(stages: readonly TimedStage[]): Cell[] {
  const cells = new Map<Digest, Cell>()
  for (const { planned, seconds } of stages) {
    if (planned.stage === 'prepare-dataset' || planned.stage === 'pretrain-load') continue
    const id = configurationId(planned.configurations[0]!)
    const cell = cells.get(id) ?? { training: 0, checking: 0, evaluations: [] }
    cells.set(id, cell)
    if (planned.stage === 'fine-tune') cell.training += seconds
    else if (planned.stage === 'checkpoint') cell.checking += seconds
    else cell.evaluations.push(seconds)
  }
  return [...cells.values()]
}

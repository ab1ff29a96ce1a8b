import { observePace, type Pace } from '@gauntlet/analysis'
import { plannedCost, priceSentence, priceStudy, type StudySnapshot } from '@gauntlet/client'
import { configurationWorkflowId, environmentClassesOf, type WorkerDescription } from '@gauntlet/contract'
import { attemptCosts, measuredAttempts, type MeasuredAttempt } from '@gauntlet/ledger'
import type { Digest } from '@gauntlet/study'
import { z, type OpenAPIHono } from '@hono/zod-openapi'
import { ApiError } from '../api-error.ts'
import type { ApiDependencies } from '../dependencies.ts'
import { groupFailures } from '../failure-groups.ts'
import { KeptValues } from '../kept-values.ts'
import type { CachedTable } from '../tables/cached-table.ts'
import { stateOf } from '../tables/wire-table.ts'
import type { StudyTables } from '../tables/study-tables.ts'
import { studyName } from '../wire/parts.ts'
import { actionResult, studyNow, type StudyNow } from '../wire/study-now.ts'
import { actionRoute, ofStudy, readRoute } from './route-parts.ts'

const now = readRoute({
  path: '/api/studies/{study}/now',
  summary: 'What a study does at this moment, what it cost, what is left, and what failed',
  request: { params: ofStudy },
  answer: studyNow,
})

const act = actionRoute({
  path: '/api/studies/{study}/actions/{action}',
  summary: 'Does to a study what the command of this name does',
  request: { params: z.object({ study: studyName, action: z.string().max(40) }) },
  answer: actionResult,
})

const statusSentences: Readonly<Record<StudySnapshot['status'], string>> = {
  running: 'The study runs.',
  completed: 'The last run of the study has ended.',
  failed: 'The last run of the study failed as a whole.',
  cancelled: 'The last run of the study was cancelled.',
  terminated: 'The last run of the study was terminated.',
  unreachable: 'No Temporal server answers, so nothing runs that this page could see.',
  absent: 'Temporal has no run of this study.',
}

/** How a study fares, and what can be done to it. */
export function addNowRoutes(app: OpenAPIHono, dependencies: ApiDependencies, tables: StudyTables): void {
  const { db, snapshot, actions, readOnly } = dependencies
  const paces = new KeptValues<Pace>(32)
  // Thousands of attempts are not read for every look at the page: prices of a minute ago serve as well.
  const attemptsOf = new KeptValues<MeasuredAttempt[]>(4)
  const measured = (worker: WorkerDescription) =>
    attemptsOf.get(`${worker.environmentClass} ${Math.floor(performance.now() / 60_000)}`, () =>
      measuredAttempts(db, environmentClassesOf(worker)),
    )
  app.openapi(now, async (context) => {
    const table = await tables.read(context.req.valid('param').study)
    const id = table.grid.study.id as Digest
    const [taken, spent, attempts] = await Promise.all([
      snapshot(id),
      attemptCosts(db, id),
      measured(table.pool.description),
    ])
    const pace = await paces.get(id, async () => observePace())
    return context.json(
      { ...nowOf(table, { taken, attempts }, pace, dependencies), spent: spent.map((one) => ({ ...one })) },
      200,
    )
  })
  app.openapi(act, async (context) => {
    const { study, action } = context.req.valid('param')
    if (readOnly)
      throw new ApiError(403, 'This server is read-only; use the command line, or start it without --read-only.')
    const found = Object.hasOwn(actions, action) ? actions[action] : undefined
    if (!found)
      throw new ApiError(
        404,
        `There is no action ${JSON.stringify(action)}; there is ${Object.keys(actions).join(', ')}.`,
      )
    const { grid } = await tables.read(study)
    return context.json({ sentence: await found.run(grid.study.id as Digest) }, 200)
  })
}

function nowOf(
  table: CachedTable,
  { taken, attempts }: { readonly taken: StudySnapshot; readonly attempts: readonly MeasuredAttempt[] },
  pace: Pace,
  { speeds, actions, readOnly }: ApiDependencies,
): Omit<StudyNow, 'spent'> {
  const open = table.stages.flatMap((one) => one.open)
  const { status, progress, stages } = taken
  const { environmentClass, environment } = table.pool.description
  const price = priceStudy(open, { speeds: speeds(environmentClass), attempts, environment })
  const left = open.reduce<number | null>((sum, stage) => {
    const cost = plannedCost(stage)
    return sum === null || cost === null ? null : sum + cost
  }, 0)
  const isRunning = status === 'running'
  const secondsLeft = isRunning && left !== null ? pace.secondsLeft(left, performance.now() / 1000) : null
  const ended = progress && Object.values(progress.ended).reduce((a, b) => a + b, 0)
  const running = new Set(progress?.running ?? [])
  return {
    status,
    sentence: sentenceOf(taken),
    cells: countCells(table),
    running: table.grid.configurations.flatMap(({ id, position }) =>
      running.size > 0 && running.has(configurationWorkflowId(id)) ? [position] : [],
    ),
    waiting: progress && ended !== null ? progress.total - ended - running.size : null,
    stages: stages.map(({ stage, stageKey, worker, device, startedAt, done, total, unit, imagesPerSecond }) => ({
      stage,
      stageKey: stageKey as string,
      worker,
      device,
      startedAt,
      done,
      total,
      unit,
      imagesPerSecond: imagesPerSecond ?? null,
    })),
    deviceHoursLeft: price.deviceHours,
    priceSentence: open.length === 0 ? 'Nothing is left to run.' : priceSentence(price),
    secondsLeft,
    failures: groupFailures(table),
    actions: readOnly ? [] : Object.entries(actions).map(([name, { sentence }]) => ({ name, sentence })),
  }
}

function sentenceOf({ status, failure, progress, stuck = 0, extendedBy }: StudySnapshot): string {
  const budget = progress?.paused === 'budget' ? ', because its budget is spent' : ''
  return [
    progress?.paused ? `The run of the study is paused${budget}.` : statusSentences[status],
    failure,
    stuck > 0 ? `Of its workflows ${stuck} cannot go on; see the log of the ledger worker.` : '',
    extendedBy ? `It was extended, and goes on as the study ${extendedBy.slice(0, 12)}.` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

function countCells({ cells }: CachedTable): StudyNow['cells'] {
  const counts = { total: cells.length, measured: 0, diverged: 0, failed: 0, pending: 0 }
  for (const cell of cells) {
    const state = stateOf(cell)
    counts[state === 'older' ? 'pending' : state] += 1
  }
  return counts
}

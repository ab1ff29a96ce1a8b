import { duration } from '@gauntlet/analysis'
import {
  formatReason,
  planStudy,
  priceStudy,
  priceSentence,
  reasonsToRun,
  speedsOf,
  type StageCount,
  type StagesToRun,
  type StudyPlan,
  type StudyPrice,
} from '@gauntlet/client'
import { environmentClassesOf, stageCodesOf, type WorkerDescription } from '@gauntlet/contract'
import { measuredAttempts, type LedgerDatabase } from '@gauntlet/ledger'
import { expandStudy } from '@gauntlet/study'
import type { Command } from 'commander'
import { availableParallelism } from 'node:os'
import { wholeNumber } from '../parse/whole-number.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { readCommandSettings, type CommandSettings } from '../settings.ts'
import { readStudyToPlanShowingPins, studyArgument } from '../read/read-study.ts'
import { renderTable } from '../print/table.ts'
import { askWorkersOrLedger } from '../stack/worker-description.ts'
import { count } from '../print/count.ts'

export function addPlan(program: Command): void {
  program
    .command('plan')
    .description('show what a study already has, what would run and what that costs, without running anything')
    .argument(...studyArgument)
    .option(
      '--devices <number>',
      'devices that work at the same time (default: GAUNTLET_DEVICES, else the cores of a CPU here, else 1)',
      wholeNumber('--devices', 1, 99_999),
    )
    .option('--why', 'say of every stage that would run why: what differs from what is recorded')
    .option('--json', 'print JSON')
    .action(async (named: string, { json, why, devices }: { json?: boolean; why?: boolean; devices?: number }) => {
      const { study, unreachable } = await readStudyToPlanShowingPins(named, readCommandSettings().cache)
      const expansion = expandStudy(study)
      await withLedger(async ({ settings, db, store }) => {
        const { description: workers, describedAt } = await askWorkersOrLedger(
          settings,
          db,
          stageCodesOf(expansion.configurations, expansion.perturbations),
        )
        if (describedAt)
          console.error(
            `No worker could be asked; the plan is for the pool as it described itself at ${describedAt.toISOString()}.`,
          )
        const planned = await planStudy(expansion, workers, db, store)
        const reasons = why ? await reasonsToRun(planned.stages, db, workers) : []
        const sources = await priceSources(settings, db, workers)
        const price = priceStudy(planned.stages, { ...sources, devices: devices ?? devicesHere(settings, workers) })
        if (json)
          return console.log(
            JSON.stringify(
              {
                study: study.name,
                unpinned: [...unreachable.keys()],
                ...expansion,
                ...planned,
                stages: planned.stages.map(withLabels),
                price,
                ...(why
                  ? { reasons: reasons.map(({ stages, ...each }) => ({ ...each, stages: stages.map(withLabels) })) }
                  : {}),
              },
              null,
              2,
            ),
          )
        console.log(
          `${study.name}: ${count(expansion.configurations.length, 'configuration')} × ${count(expansion.perturbations.length, 'perturbation')}`,
        )
        for (const { cell, reason } of expansion.exclusions)
          console.log(`  left out: ${Object.values(cell).join(' · ')}: ${reason}`)
        console.log(`\n${renderPlan(planned, price)}\n\n${summarisePlan(planned)}`)
        if (planned.byStage.some(({ toRun }) => toRun > 0)) console.log(priceSentence(price))
        if (reasons.length > 0) console.log(`\n${renderReasons(reasons)}`)
      })
    })
}

async function priceSources({ home }: CommandSettings, db: LedgerDatabase, workers: WorkerDescription) {
  const attempts = await measuredAttempts(db, environmentClassesOf(workers))
  return { speeds: speedsOf(home, workers.environmentClass), attempts, environment: workers.environment }
}

/** The devices that a command would start here: a CPU has one a core. Of a pool elsewhere it is not known. */
function devicesHere({ temporalAddress }: CommandSettings, { environment }: WorkerDescription): number {
  const told = Number(process.env['GAUNTLET_DEVICES'])
  if (told > 0) return told
  const { device } = environment as { readonly device?: string }
  return temporalAddress === undefined && device?.startsWith('cpu') ? availableParallelism() : 1
}

/** A planned stage with the labels of its configurations, because the plan has these in full once. */
function withLabels({ stage, stageKey, state, bridge, perturbation, configurations }: StudyPlan['stages'][number]) {
  return {
    stage,
    stageKey,
    state,
    fulfilled: state === 'fulfilled',
    ...(bridge ? { bridge: bridge.bridge } : {}),
    ...(perturbation ? { perturbation } : {}),
    labels: configurations.map(({ dataset, backbone, loss, protocol, seed }) =>
      [dataset.id, backbone.id, loss, protocol.id, seed].join(' · '),
    ),
  }
}

function renderPlan({ byStage }: StudyPlan, { secondsByStage }: StudyPrice): string {
  return renderTable(
    [
      { heading: 'stage', cell: ({ stage }) => stage },
      { heading: 'reused', align: 'right', cell: ({ fulfilled }) => String(fulfilled) },
      ...(byStage.some(({ bridged }) => bridged > 0)
        ? [{ heading: 'of which bridged', align: 'right' as const, cell: ({ bridged }: StageCount) => String(bridged) }]
        : []),
      { heading: 'to run', align: 'right', cell: ({ toRun }) => String(toRun) },
      {
        heading: 'forward-equivalents',
        align: 'right',
        cell: ({ forwardsLeft }) => forwardsLeft?.toLocaleString('en') ?? 'not known yet',
      },
      {
        heading: 'time of one device',
        align: 'right',
        cell: ({ stage }) => (secondsByStage[stage] === null ? 'unknown' : duration(secondsByStage[stage] ?? 0)),
      },
    ],
    byStage,
  )
}

function renderReasons(reasons: readonly StagesToRun[]): string {
  return renderTable(
    [
      { heading: 'stage', cell: ({ stage }) => stage },
      { heading: 'to run', align: 'right', cell: ({ stages }) => String(stages.length) },
      { heading: 'because', cell: ({ reason }) => formatReason(reason) },
      { heading: 'such as', cell: ({ stages }) => withLabels(stages[0]!).labels[0]! },
    ],
    reasons,
  )
}

/** The plan in one line. */
export function summarisePlan({ byStage, forwardsLeft }: StudyPlan): string {
  const toRun = byStage.reduce((sum, stage) => sum + stage.toRun, 0)
  const reused = byStage.reduce((sum, stage) => sum + stage.fulfilled, 0)
  const diverged = byStage.reduce((sum, stage) => sum + stage.diverged, 0)
  const bridged = byStage.reduce((sum, stage) => sum + stage.bridged, 0)
  const kept = bridged > 0 ? ` (${bridged} by a bridge over a code change)` : ''
  const without =
    diverged > 0 ? `; ${diverged} ${diverged === 1 ? 'has' : 'have'} nothing to work on, because training diverges` : ''
  if (toRun === 0)
    return `Nothing to do: ${reused === 1 ? 'its 1 stage is' : `all ${count(reused, 'stage')} are`} reused${kept}${without}.`
  return `${count(toRun, 'stage')} to run, ${reused} reused${kept}${without}; ${forwardsLeft?.toLocaleString('en') ?? 'an unknown number of'} forward-equivalents at most.`
}

import { duration } from '@gauntlet/analysis'
import {
  formatReason,
  planStudy,
  priceStudy,
  priceSentence,
  reasonsToRun,
  speedsOf,
  type StagesToRun,
  type StudyPlan,
  type StudyPrice,
} from '@gauntlet/client'
import { stageCodesOf } from '@gauntlet/contract'
import { expandStudy } from '@gauntlet/study'
import type { Command } from 'commander'
import { withLedger } from '../local-ledger.ts'
import { readCommandSettings } from '../settings.ts'
import { readStudyToPlanShowingPins } from '../read-study.ts'
import { renderTable } from '../table.ts'
import { askWorkersOrLedger } from '../worker-description.ts'

export function addPlan(program: Command): void {
  program
    .command('plan')
    .description('show what a study already has, what would run and what that costs, without running anything')
    .argument('<study>', 'path of a study file, or the name of one that ships with Gauntlet')
    .option('--why', 'say of every stage that would run why: what differs from what is recorded')
    .option('--json', 'print JSON')
    .action(async (named: string, { json, why }: { json?: boolean; why?: boolean }) => {
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
        const price = priceStudy(planned.stages, speedsOf(settings.home, workers.environmentClass))
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
          `${study.name}: ${expansion.configurations.length} configurations × ${expansion.perturbations.length} perturbations`,
        )
        for (const { cell, reason } of expansion.exclusions)
          console.log(`  left out: ${Object.values(cell).join(' · ')}: ${reason}`)
        console.log(`\n${renderPlan(planned, price)}\n\n${summarisePlan(planned)}`)
        if (planned.byStage.some(({ toRun }) => toRun > 0)) console.log(priceSentence(price))
        if (reasons.length > 0) console.log(`\n${renderReasons(reasons)}`)
      })
    })
}

/** A planned stage with the labels of its configurations, because the plan has these in full once. */
function withLabels({ stage, stageKey, state, perturbation, configurations }: StudyPlan['stages'][number]) {
  return {
    stage,
    stageKey,
    state,
    fulfilled: state === 'fulfilled',
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
  const without = diverged > 0 ? `; ${diverged} have nothing to work on, because training diverges` : ''
  if (toRun === 0) return `Nothing to do: all ${reused} stages are reused${without}.`
  return `${toRun} stages to run, ${reused} reused${without}; ${forwardsLeft?.toLocaleString('en') ?? 'an unknown number of'} forward-equivalents at most.`
}

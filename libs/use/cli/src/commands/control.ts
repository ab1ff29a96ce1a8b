import { cancelStudy, pauseStudy, resumeStudy, retryStudy, type StudySnapshot } from '@gauntlet/client'
import { duration } from '@gauntlet/analysis'
import { isMissingReason, missingReasons, type RetryRequest, type StudyProgress } from '@gauntlet/contract'
import { expandStudy, stages, type Study } from '@gauntlet/study'
import type { Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { parseHours } from '../parse/parse-hours.ts'
import { parseStage } from '../parse/parse-stage.ts'
import { count } from '../print/count.ts'
import { quoted } from '../print/quoted.ts'
import { readNamedStudy, studyArgument } from '../read/read-study.ts'
import { withRunningStudy } from '../stack/running-study.ts'

/** The commands that change a running study: `pause`, `resume`, `retry`, `cancel`. */
export function addControl(program: Command): void {
  program
    .command('pause')
    .description('start no more configurations of a running study')
    .argument(...studyArgument)
    .option('--now', 'stop those in flight, too; their trainings write a checkpoint')
    .action(async (named: string, { now }: { now?: boolean }) => {
      const progress = await withRunningStudy(await readNamedStudy(named), (client, id) =>
        pauseStudy(client, id, { now: now === true }),
      )
      console.log(`Paused; go on with: npx gauntlet resume ${quoted(named)}\n${summary(progress)}`)
    })
  program
    .command('resume')
    .description('go on with a paused study')
    .argument(...studyArgument)
    .option(
      '--budget <hours>',
      'device-hours of the whole study after which it pauses again, or none (default: the budget that it has)',
      parseHours,
    )
    .action(async (named: string, { budget }: { budget?: number | null }) => {
      const request = budget === undefined ? {} : { budgetSeconds: budget }
      const progress = await withRunningStudy(await readNamedStudy(named), (client, id) =>
        resumeStudy(client, id, request),
      )
      const spent = `Still paused: the budget is spent. Raise it with: npx gauntlet resume ${quoted(named)} --budget <hours>`
      console.log(`${progress.paused ? spent : 'Resumed.'}\n${summary(progress)}`)
    })
  program
    .command('retry')
    .description('try configurations of a running study again that ended without every number')
    .argument(...studyArgument)
    .option('--class <failure class>', 'only those of this class of failure, such as Bug or OutOfMemory')
    .option('--stage <stage>', 'only those that failed in this stage')
    .option('--backbone <name>', 'only those of this backbone')
    .option('--row <number>', 'only the configuration of this row of the table')
    .action(async (named: string, options: RetryOptions) => {
      const source = await readNamedStudy(named)
      const request = retryRequest(source.study, options)
      const progress = await withRunningStudy(source, (client, id) => retryStudy(client, id, request))
      console.log([...retriedSentence(progress.retried), summary(progress)].join('\n'))
    })
  program
    .command('cancel')
    .description('end a running study; what it has finished is kept')
    .argument(...studyArgument)
    .action(async (named: string) => {
      await withRunningStudy(await readNamedStudy(named), cancelStudy)
      console.log(`Cancelled; go on with: npx gauntlet run ${quoted(named)}`)
    })
}

/** How many configurations are tried again; nothing where the workflows are of a build that does not say. */
export function retriedSentence(retried: number | undefined): string[] {
  if (retried === undefined) return []
  if (retried === 0) return ['No failed configuration is meant, so none is tried again.']
  return [`${count(retried, 'configuration')} to be tried again.`]
}

interface RetryOptions {
  readonly class?: string
  readonly stage?: string
  readonly backbone?: string
  readonly row?: string
}

function retryRequest(study: Study, { class: failureClass, stage, backbone, row }: RetryOptions): RetryRequest {
  if (failureClass !== undefined && !isMissingReason(failureClass))
    throw new Misuse(`There is no failure class ${failureClass}; there is ${missingReasons.join(', ')}.`)
  return {
    ...(failureClass === undefined ? {} : { failureClass }),
    ...(stage === undefined ? {} : { stage: parseStage(stage, stages) }),
    ...(backbone === undefined ? {} : { backbone: backboneOf(study, backbone) }),
    ...(row === undefined ? {} : { place: placeOfRow(study, row) }),
  }
}

/** A backbone of the study. */
function backboneOf(study: Study, backbone: string): string {
  const { configurations } = expandStudy(study)
  const backbones = new Set(configurations.map((configuration) => configuration.backbone.id))
  if (backbones.has(backbone)) return backbone
  throw new Misuse(`${study.name} has no backbone ${backbone}; choose among ${[...backbones].join(', ')}.`)
}

/** The place of a configuration in the study's list, by one of its rows in the table, which are counted from 1. */
function placeOfRow(study: Study, row: string): number {
  const { configurations, perturbations } = expandStudy(study)
  const place = Math.floor((Number(row) - 1) / perturbations.length)
  if (/^[1-9]\d*$/.test(row) && place < configurations.length) return place
  const rows = configurations.length * perturbations.length
  throw new Misuse(`${JSON.stringify(row)} is no row of the table; give one from 1 to ${rows}.`)
}

/** A study in a few lines: counts, what it has cost, why numbers are missing, and what takes longest. */
export function summary(progress: StudyProgress, slowest: StudySnapshot['slowest'] = [], now = Date.now()): string {
  const { total, ended, running, deviceSeconds, budgetSeconds, failures } = progress
  const { measured, diverged, failed, skipped } = ended
  const waiting = total - measured - diverged - failed - skipped - running.length
  const budget = budgetSeconds === null ? '' : ` of ${duration(budgetSeconds)}`
  const counts = `${measured} measured, ${diverged} diverged, ${failed} failed, ${skipped} skipped, ${running.length} in flight, ${waiting} waiting; ${duration(deviceSeconds)}${budget} of device time`
  const reasons = failures.map(
    ({ configurations, stage, failureClass, backbone, message }) =>
      `  ${configurations} × ${stage} ${failureClass} (${backbone}): ${message}`,
  )
  const slow = slowest.map(
    ({ label, since }) => `  in flight for ${duration((now - Date.parse(since)) / 1_000)}: ${label}`,
  )
  return [counts, ...reasons, ...slow].join('\n')
}

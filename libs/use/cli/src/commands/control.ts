import { cancelStudy, pauseStudy, resumeStudy, retryStudy } from '@gauntlet/client'
import { duration } from '@gauntlet/analysis'
import type { MissingReason, StudyProgress } from '@gauntlet/contract'
import type { Command } from 'commander'
import { parseHours } from '../parse-hours.ts'
import { withRunningStudy } from '../running-study.ts'

const studyArgument = ['<study>', 'path of a study file, or the name of one that ships with Gauntlet'] as const

/** The commands that change a running study: `pause`, `resume`, `retry`, `cancel`. */
export function addControl(program: Command): void {
  program
    .command('pause')
    .description('start no more configurations of a running study')
    .argument(...studyArgument)
    .option('--now', 'stop those in flight, too; their trainings write a checkpoint')
    .action(async (named: string, { now }: { now?: boolean }) => {
      const progress = await withRunningStudy(named, (client, id) => pauseStudy(client, id, { now: now === true }))
      console.log(`Paused; go on with: gauntlet resume ${named}\n${summary(progress)}`)
    })
  program
    .command('resume')
    .description('go on with a paused study')
    .argument(...studyArgument)
    .option('--budget <hours>', 'device-hours of the whole study after which it pauses again, or none', parseHours)
    .action(async (named: string, { budget }: { budget?: number | null }) => {
      const request = budget === undefined ? {} : { budgetSeconds: budget }
      const progress = await withRunningStudy(named, (client, id) => resumeStudy(client, id, request))
      const spent = `Still paused: the budget is spent. Raise it with: gauntlet resume ${named} --budget <hours>`
      console.log(`${progress.paused ? spent : 'Resumed.'}\n${summary(progress)}`)
    })
  program
    .command('retry')
    .description('try configurations of a running study again that ended without every number')
    .argument(...studyArgument)
    .option('--class <failure class>', 'only those of this class, such as Bug or OutOfMemory')
    .option('--stage <stage>', 'only those that failed in this stage')
    .option('--backbone <name>', 'only those of this backbone')
    .action(async (named: string, options: { class?: string; stage?: string; backbone?: string }) => {
      const { class: failureClass, ...rest } = options
      const request = failureClass === undefined ? rest : { ...rest, failureClass: failureClass as MissingReason }
      const progress = await withRunningStudy(named, (client, id) => retryStudy(client, id, request))
      console.log(summary(progress))
    })
  program
    .command('cancel')
    .description('end a running study; what it has finished is kept')
    .argument(...studyArgument)
    .action(async (named: string) => {
      await withRunningStudy(named, cancelStudy)
      console.log(`Cancelled; go on with: gauntlet run ${named}`)
    })
}

/** A study in a few lines: counts, what it has cost, and why numbers are missing. */
export function summary({ total, ended, running, deviceSeconds, budgetSeconds, failures }: StudyProgress): string {
  const { measured, diverged, failed, skipped } = ended
  const waiting = total - measured - diverged - failed - skipped - running.length
  const budget = budgetSeconds === null ? '' : ` of ${duration(budgetSeconds)}`
  const counts = `${measured} measured, ${diverged} diverged, ${failed} failed, ${skipped} skipped, ${running.length} in flight, ${waiting} waiting; ${duration(deviceSeconds)}${budget} of device time`
  const reasons = failures.map(
    ({ configurations, stage, failureClass, backbone, message }) =>
      `  ${configurations} × ${stage} ${failureClass} (${backbone}): ${message}`,
  )
  return [counts, ...reasons].join('\n')
}

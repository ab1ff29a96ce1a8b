import { relative } from 'node:path'
import type { VitestReport } from './tally.ts'

/** How long the tests of one room took, in seconds of one worker. */
export interface SuiteDuration {
  readonly suite: string
  readonly files: number
  readonly seconds: number
}

/** How many segments of a path name its suite, by top folder; elsewhere the top folder is the suite. */
const depths = { libs: 3, workers: 2, test: 2 } as const

/** Adds up the files of each room, the longest first. */
export function suiteDurations(report: VitestReport, workspace: string): SuiteDuration[] {
  const suites = new Map<string, SuiteDuration>()
  for (const { name, startTime, endTime } of report.testResults) {
    const parts = relative(workspace, name).split('/')
    const suite = parts.slice(0, depths[parts[0] as keyof typeof depths] ?? 1).join('/')
    const { files, seconds } = suites.get(suite) ?? { files: 0, seconds: 0 }
    suites.set(suite, { suite, files: files + 1, seconds: seconds + (endTime - startTime) / 1000 })
  }
  return [...suites.values()].sort((a, b) => b.seconds - a.seconds)
}

/** The durations as a table for the lab book. */
export function renderDurations(durations: readonly SuiteDuration[]): string {
  const lines = durations.map(({ suite, files, seconds }) => `| ${suite} | ${files} | ${seconds.toFixed(0)} |`)
  return ['| suite | files | seconds of one worker |', '| --- | --- | --- |', ...lines].join('\n')
}

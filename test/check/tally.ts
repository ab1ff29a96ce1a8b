/** The counts of a vitest run: tests, plus one failure for each file or run that failed outside any test. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    /** Milliseconds since 1970: before the first test and after the last one. */
    readonly startTime: number
    readonly endTime: number
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

const outcomeByStatus = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  pending: 'skipped',
  todo: 'skipped',
  disabled: 'skipped',
} as const

/**
 * Counts a report. A file that failed without a failed test (it did not load, or a hook threw) is one failure, and so
 * is a run whose exit status is not 0 although nothing in the report failed (an unhandled rejection, a worker that
 * died).
 */
export function tallyOf(report: VitestReport, exitStatus: number): Tally {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const file of report.testResults) {
    const failedBefore = counts.failed
    for (const test of file.assertionResults) counts[outcomeOf(test.status)]++
    if (file.status === 'failed' && counts.failed === failedBefore) counts.failed++
  }
  if (exitStatus !== 0 && counts.failed === 0) counts.failed = 1
  return counts
}

/** The outcome that a status counts as. An unknown status counts as failed, so that nothing passes by it. */
function outcomeOf(status: string): keyof Tally {
  return Object.hasOwn(outcomeByStatus, status) ? outcomeByStatus[status as keyof typeof outcomeByStatus] : 'failed'
}

/** The last line of `npm test`, read by continuous integration. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

import { resolve } from 'node:path'
import { runStaticChecks, staticChecks } from './static-checks.ts'
import { renderDurations, suiteDurations } from './suite-durations.ts'
import { closingLine, tallyOf } from './tally.ts'
import { runVitest } from './vitest-suite.ts'

/**
 * `npm test` after set-up: runs the static checks and then every test. Its last line counts the tests, for continuous
 * integration.
 */
const workspace = resolve(import.meta.dirname, '../..')

console.log('Static checks: format, lint with the walls, types, unused code')
const failedChecks = runStaticChecks(workspace)

if (failedChecks.length > 0) {
  for (const check of failedChecks) console.error(`${check}: ${staticChecks[check]}`)
  process.exitCode = 1
} else {
  console.log('Static checks passed; now the tests')
  const { report, exitStatus } = runVitest(workspace)
  const tally = tallyOf(report, exitStatus)
  console.log(renderDurations(suiteDurations(report, workspace)))
  console.log(closingLine(tally))
  process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0
}

import { percent } from '@gauntlet/analysis'
import { traceMeasurement, type MeasurementTrace, type TracedExecution } from '@gauntlet/ledger'
import { configurationLabel } from '@gauntlet/study'
import type { Command } from 'commander'
import { classCounts, type ClassCount } from '../class-counts.ts'
import { CommandFailed, Misuse } from '../command-failed.ts'
import { withLedger, type LedgerSession } from '../local-ledger.ts'
import { readCurrentResults } from '../read-current-results.ts'

export function addTrace(program: Command): void {
  program
    .command('trace')
    .description(
      'show where a number came from: outcomes, checkpoint, training, weights, images, code, attempts, devices',
    )
    .argument('<study>', 'name or id of a study that has run')
    .argument('<row>', "number of the row in the study's table")
    .option('--json', 'print JSON')
    .action(async (study: string, row: string, { json }: { json?: boolean }) => {
      if (!/^[1-9]\d*$/.test(row))
        throw new Misuse(`${JSON.stringify(row)} is not a row; give its number from gauntlet results ${study}.`)
      await withLedger(async ({ settings, db, store }) => {
        const { rows, missing } = (await readCurrentResults({ settings, db }, study)).results
        const cell = rows.find((measured) => measured.row === Number(row))
        const empty = missing.find((other) => other.row === Number(row))
        if (empty)
          throw new CommandFailed(`Row ${row} has no number (${empty.failureClass ?? 'pending'}: ${empty.reason}).`)
        if (!cell)
          throw new Misuse(`There is no row ${row} in ${study}; it has rows 1 to ${rows.length + missing.length}.`)
        const trace = await traceMeasurement(db, cell.measurementId)
        const [classes, changes] = await Promise.all([classCounts(trace, store), changesOf(trace, store)])
        const document = { row: cell.row, ...trace, classes, changes }
        console.log(json ? JSON.stringify(document, null, 2) : renderTrace(trace, classes, changes))
      })
    })
}

/** What was stripped, left out, filled or replaced to make the weights fit the backbone, a sentence each. */
async function changesOf({ executions }: MeasurementTrace, store: LedgerSession['store']): Promise<readonly string[]> {
  const said = executions.find(({ stage }) => stage === 'pretrain-load')?.generated['changes']
  return said ? (JSON.parse(Buffer.from(await store.read(said)).toString()) as string[]) : []
}

function renderTrace(
  { measurement, executions, sources }: MeasurementTrace,
  classes: readonly ClassCount[] | string,
  changes: readonly string[],
): string {
  const { configuration, perturbation, evaluator, correct, total, outcomesDigest } = measurement
  const heading = `${correct}/${total} (${percent(correct / total)}) · ${perturbation.name} by ${evaluator}\n${configurationLabel(configuration)}`
  const origins = sources.map(
    ({ stage, role, artifact }) =>
      `  ${role} of ${stage}: ${artifact.digest} (${artifact.size.toLocaleString('en')} bytes)`,
  )
  return [
    heading,
    `counted from outcomes ${outcomesDigest}\n${renderClasses(classes)}`,
    ...executions.map(renderExecution),
    `from outside:\n${origins.join('\n')}`,
    ...(changes.length > 0 ? [`to the weights:\n${changes.map((change) => `  ${change}`).join('\n')}`] : []),
  ].join('\n\n')
}

function renderClasses(classes: readonly ClassCount[] | string): string {
  if (typeof classes === 'string') return `classes are not known: ${classes}`
  return `by class: ${classes.map(({ name, correct, total }) => `${name} ${correct}/${total}`).join(' · ')}`
}

function renderExecution({
  stage,
  stageKey,
  codeDigest,
  environmentClass,
  used,
  generated,
  attempts,
}: TracedExecution): string {
  const artifacts = (byRole: TracedExecution['used']) =>
    Object.entries(byRole)
      .map(([role, { digest }]) => `${role} ${digest.slice(0, 12)}`)
      .join(', ')
  const tries = attempts.map(
    ({ number, outcome, failureClass, worker, device, startedAt }) =>
      `    attempt ${number}: ${outcome}${failureClass ? ` (${failureClass})` : ''} on ${worker}${device ? `, ${device}` : ''}, ${startedAt}`,
  )
  return [
    `${stage} ${stageKey.slice(0, 12)}`,
    `  used ${artifacts(used) || 'nothing'}`,
    `  generated ${artifacts(generated)}`,
    `  code ${codeDigest.slice(0, 12)}, environment ${environmentClass.slice(0, 12)}`,
    ...tries,
  ].join('\n')
}

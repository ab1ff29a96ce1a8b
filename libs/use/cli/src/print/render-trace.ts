import { duration, grouped, percent } from '@gauntlet/analysis'
import { microBatchOf } from '@gauntlet/audit'
import type { BridgeOfStage, MeasurementTrace, Reproduction, TracedExecution } from '@gauntlet/ledger'
import { configurationLabel, type Json } from '@gauntlet/study'
import { bridgeLines } from './render-bridge.ts'
import type { ClassCount } from '../read/class-counts.ts'
import { renderTable } from './table.ts'
import { count } from './count.ts'
import { minute } from './moment.ts'

/** What is told beside the lineage of a number. */
export interface TraceContext {
  readonly classes: readonly ClassCount[] | string
  /** What was done to the weights to make them fit, a sentence each, or why that is not known. */
  readonly changes: readonly string[] | string
  /** The last time first. */
  readonly reproductions: readonly Reproduction[]
  /** The bridges over code changes that lead to its stages, the last one first. */
  readonly bridges: readonly BridgeOfStage[]
  /** The seals by which stages are known that were fulfilled elsewhere, by stage key. */
  readonly importSeals: Readonly<Record<string, string>>
  /** Reasons to doubt the number, a sentence each. */
  readonly doubts: readonly string[]
}

/**
 * The lineage of a number for people: what it is, where its images and weights came from, what each stage took, and
 * then every artifact and attempt by its digest.
 */
export function renderTrace(trace: MeasurementTrace, context: TraceContext): string {
  const { measurement, executions } = trace
  const { configuration, perturbation, evaluator, correct, total, outcomesDigest, recordedAt } = measurement
  const { classes, changes, reproductions, bridges, importSeals, doubts } = context
  return [
    `${correct}/${total} (${percent(correct / total)}) · ${perturbation.name} by ${evaluator}\n${configurationLabel(configuration)}\nmeasured ${minute(new Date(recordedAt))}`,
    ...(doubts.length > 0 ? [doubts.map((doubt) => `doubted: ${doubt}`).join('\n')] : []),
    renderSources(trace, changes),
    renderStages(executions),
    `counted from outcomes ${outcomesDigest}\n${renderClasses(classes)}`,
    reproductions.length > 0
      ? reproductions.map(renderReproduction).join('\n')
      : 'never computed again; npx gauntlet reproduce does so',
    ...importLines(executions, importSeals),
    ...(bridges.length > 0 ? [bridgeLines(bridges).join('\n')] : []),
    ...executions.map(renderExecution),
  ].join('\n\n')
}

/** Where images and weights came from, by name, address and digest. */
function renderSources({ measurement, sources }: MeasurementTrace, changes: TraceContext['changes']): string {
  const { dataset, backbone } = measurement.configuration
  const named = [
    { what: 'images', name: `${dataset.id}, ${dataset.classes} classes at ${dataset.resolution} px`, from: dataset },
    { what: 'weights', name: `${backbone.id}, input contract ${backbone.inputContract}`, from: backbone },
  ]
  const lines = named.flatMap(({ what, name, from }) => {
    const found = sources.find(({ artifact }) => artifact.digest === from.sha256)
    const size = found ? `, ${found.artifact.size.toLocaleString('en')} bytes` : ''
    return [`${what}: ${name}`, `  from ${from.source}`, `  SHA-256 ${from.sha256}${size}`]
  })
  const told = typeof changes === 'string' ? [`what made them fit is not known: ${changes}`] : changes
  return [...lines, ...told.map((change) => `  ${change}`)].join('\n')
}

/** Which stages rest on the word of who sealed them elsewhere, a line for each seal. */
function importLines(executions: readonly TracedExecution[], seals: TraceContext['importSeals']): string[] {
  const imported = executions.filter(({ stageKey }) => seals[stageKey] !== undefined)
  const lines = [...grouped(imported, ({ stageKey }) => seals[stageKey]!)].map(
    ([seal, same]) => `imported under seal ${seal}: ${same.map(({ stage }) => stage).join(', ')}`,
  )
  return lines.length > 0 ? [lines.join('\n')] : []
}

/** How long each stage took, on what, and with which micro-batch. */
function renderStages(executions: readonly TracedExecution[]): string {
  return renderTable<TracedExecution>(
    [
      { heading: 'stage', cell: ({ stage }) => stage },
      { heading: 'took', align: 'right', cell: tookOf },
      { heading: 'on', cell: (execution) => fulfilledOf(execution)?.device ?? 'unknown' },
      { heading: 'with', cell: settingsOf },
      { heading: 'attempts', align: 'right', cell: ({ attempts }) => String(attempts.length) },
    ],
    executions.toReversed(),
  )
}

function fulfilledOf({ attempts }: TracedExecution) {
  return attempts.find(({ outcome }) => outcome === 'fulfilled')
}

function tookOf(execution: TracedExecution): string {
  const { startedAt, endedAt } = fulfilledOf(execution) ?? { startedAt: '', endedAt: null }
  return endedAt === null ? 'unknown' : duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000)
}

function settingsOf({ parameters, environment }: TracedExecution): string {
  const microBatch = microBatchOf(parameters)
  const { precision, threads, platform } = (environment ?? {}) as Record<string, Json | undefined>
  return [
    ...(microBatch === null ? [] : [`micro-batch ${microBatch}`]),
    ...(precision === undefined ? [] : [String(precision)]),
    ...(threads === undefined ? [] : [count(Number(threads), 'thread')]),
    ...(platform === undefined ? [] : [String(platform)]),
  ].join(', ')
}

function renderReproduction({ verdict, firstStage, code, ranAt }: Reproduction): string {
  const where = firstStage === null ? '' : `, first at stage ${firstStage}`
  return `computed again ${minute(ranAt)} by the ${code} code: ${verdict.replaceAll('-', ' ')}${where}`
}

function renderClasses(classes: readonly ClassCount[] | string): string {
  if (typeof classes === 'string') return `classes are not known: ${classes}`
  return `by class: ${classes.map(({ name, correct, total }) => `${name} ${correct}/${total}`).join(' · ')}`
}

function renderExecution(execution: TracedExecution): string {
  const { stage, stageKey, codeDigest, environmentClass, used, generated, attempts } = execution
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

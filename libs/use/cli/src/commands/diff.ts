import { comparePaired, grouped, percent, pValueText } from '@gauntlet/analysis'
import { diffNumbers, readSide, type Diff, type DiffNumber, type NumberPair } from '@gauntlet/audit'
import { formatDifferences, readOlderNumbers, type Difference } from '@gauntlet/client'
import type { Command } from 'commander'
import { count } from '../print/count.ts'
import { Misuse } from '../command-failed.ts'
import { withLedger, type LedgerSession } from '../stack/local-ledger.ts'
import { readCurrentResults } from '../read/read-current-results.ts'

export function addDiff(program: Command): void {
  program
    .command('diff')
    .description(
      'say what differs first between two studies, configurations or numbers, along the stages behind them, and what it did to the numbers; of one alone, why it would run again',
    )
    .argument(
      '<first>',
      'a study, a number of it as study:row, or the beginning of the id of a measurement or configuration',
    )
    .argument('[second]', 'likewise; without it the first is compared with what a plan made now has')
    .option('--json', 'print JSON')
    .action(async (first: string, second: string | undefined, { json }: { json?: boolean }) => {
      await withLedger(async (session) => {
        if (second === undefined) return console.log(await diffNow(session, first, json === true))
        const sides = [await readSide(session.db, first), await readSide(session.db, second)] as const
        const diff = await diffNumbers(session.db, session.store, ...sides)
        console.log(json ? JSON.stringify(diff, null, 2) : renderDiff(diff))
      })
    })
}

/** Why the numbers of one side would be measured again now. */
async function diffNow(session: LedgerSession, name: string, json: boolean): Promise<string> {
  const { kind, numbers } = await readSide(session.db, name)
  if (kind !== 'study' && kind !== 'row')
    throw new Misuse(`Give two ids, or a study, or study:row; ${name} is one ${kind}.`)
  const study = kind === 'row' ? name.replace(/:\d+$/, '') : name
  const { results, pool } = await readCurrentResults(session, study)
  const rows = new Set(numbers.map(({ row }) => row))
  const current = new Set(results.rows.map(({ measurementId }) => measurementId))
  const latest = new Set(numbers.map(({ measurementId }) => measurementId))
  const older = results.older.filter(({ row, measurementId }) => rows.has(row) && latest.has(measurementId))
  const differing = await readOlderNumbers(session.db, older, pool.description)
  if (json) return JSON.stringify(differing, null, 2)
  const kept = numbers.filter(({ measurementId }) => current.has(measurementId)).length
  const groups = grouped(differing, ({ differences }) => formatDifferences(differences))
  return [
    `${kept.toLocaleString('en')} of ${count(numbers.length, 'number')} would be reused.`,
    ...[...groups].map(([why, group]) => `${count(group.length, 'number')} would be measured again: ${why}`),
  ].join('\n')
}

/** The comparison for people; `--json` has all of it. */
export function renderDiff({ first, second, pairs, onlyFirst, onlySecond }: Diff): string {
  const same = pairs.filter(({ differences }) => differences.length === 0)
  const groups = grouped(
    pairs.filter(({ differences }) => differences.length > 0),
    ({ differences }) => formatDifferences(differences, 'against'),
  )
  return [
    `${first} against ${second}: ${count(pairs.length, 'cell')} in both, ${same.length} of them the same number.`,
    ...[...groups].map(([what, group]) => renderGroup(what, second, group)),
    ...missing(first, onlyFirst),
    ...missing(second, onlySecond),
  ].join('\n\n')
}

function missing(side: string, numbers: readonly DiffNumber[]): string[] {
  if (numbers.length === 0) return []
  const [{ configuration, perturbation }] = numbers as [DiffNumber]
  return [`Only ${side} has ${count(numbers.length, 'cell')}, such as ${configuration} · ${perturbation}.`]
}

/** Numbers of a group that are listed for people; `--json` has them all. */
const mostListed = 10

function renderGroup(what: string, second: string, pairs: readonly NumberPair[]): string {
  const [first] = pairs as [NumberPair]
  const changes = pairs.map(changeOf)
  const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length
  const listed = pairs.slice(0, mostListed).map(renderPair)
  const more = pairs.length - listed.length
  return [
    `${count(pairs.length, 'cell')}: the first difference is ${whereParted(first.differences)}. In all: ${what}`,
    `  ${second} is ${points(mean)} on average; the changes go from ${signed(Math.min(...changes))} to ${signed(Math.max(...changes))}`,
    ...listed,
    ...(more > 0 ? [`  and ${more} more; --json lists them`] : []),
  ].join('\n')
}

function whereParted([first]: readonly Difference[]): string {
  return first ? `${first.what} of ${first.stage}` : 'nothing that is recorded'
}

function renderPair({ first, second, images }: NumberPair): string {
  const accuracies = `${percent(first.correct / first.total)} → ${percent(second.correct / second.total)}`
  const label = `row ${first.row} and ${second.row}, ${first.configuration} · ${first.perturbation}: ${accuracies}`
  if (!images) return `  ${label}`
  const { onlyFirst, onlySecond } = images
  const { pValue } = comparePaired(images)
  return `  ${label}; ${count(onlyFirst, 'image')} held in the first alone, ${onlySecond} in the second alone (p ${pValueText(pValue)})`
}

function changeOf({ first, second }: NumberPair): number {
  return second.correct / second.total - first.correct / first.total
}

/** 0.05 → `5.0 points higher`. */
function points(change: number): string {
  const size = `${Math.abs(100 * change).toFixed(1)} points`
  return change === 0 ? 'equal' : `${size} ${change > 0 ? 'higher' : 'lower'}`
}

/** 0.05 → `+5.0`. */
function signed(change: number): string {
  return `${change > 0 ? '+' : ''}${(100 * change).toFixed(1)}`
}

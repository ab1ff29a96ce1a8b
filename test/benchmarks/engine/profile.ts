import { join } from 'node:path'
import { operatorsOfLog } from './executor-log.ts'
import { SideFailed, type Profile, type Side, type Work } from './side.ts'
import { table } from './report.ts'

/** The number of operators that are listed. The others are summed. */
const listedOperators = 24

/**
 * The processes that profile one side: the one that is timed, and for captured programs another whose executor writes a
 * log.
 */
export interface ProfiledSide {
  readonly side: Side
  readonly logging?: { readonly side: Side; readonly log: string }
}

/** The file of Gauntlet's log. */
export function logIn(folder: string): string {
  return join(folder, 'executor.log')
}

/** A Markdown table of where one side's time goes in one work, or the reason why there is none. */
export async function profiled({ side, logging }: ProfiledSide, work: Work): Promise<string> {
  try {
    const own = await profileOf(side, work)
    if (!logging) return profileTable(own)
    const observed = await profileOf(logging.side, work)
    return profileTable({ ...observed, milliseconds: own.milliseconds, operators: operatorsOfLog(logging.log) })
  } catch (error) {
    if (error instanceof SideFailed) return `Failed: ${error.message}`
    throw error
  }
}

async function profileOf(side: Side, work: Work): Promise<Profile> {
  await side.ask('prepare', work)
  return side.ask('profile', work)
}

function profileTable({ milliseconds, observedMilliseconds, operators, remark }: Profile): string {
  const inside = sumOf(operators)
  const rest = operators.slice(listedOperators)
  const share = (time: number) => `${((100 * time) / observedMilliseconds).toFixed(1)} %`
  const lines = [
    ...operators
      .slice(0, listedOperators)
      .map((one) => [one.operator, one.milliseconds.toFixed(1), share(one.milliseconds), String(one.calls)]),
    [
      `${rest.length} others`,
      sumOf(rest).toFixed(1),
      share(sumOf(rest)),
      String(rest.reduce((sum, { calls }) => sum + calls, 0)),
    ],
    ['between operators', (observedMilliseconds - inside).toFixed(1), share(observedMilliseconds - inside), ''],
  ]
  const title = `${milliseconds.toFixed(0)} ms as timed; ${observedMilliseconds.toFixed(0)} ms observed (${remark}).`
  return `${title}\n\n${table(['operator', 'ms', 'share', 'calls'], lines)}`
}

function sumOf(operators: Profile['operators']): number {
  return operators.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
}

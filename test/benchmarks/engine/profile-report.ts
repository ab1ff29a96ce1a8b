import { table } from './report.ts'
import type { Profile } from './side.ts'

/** Operators beyond these are summed. */
const listedOperators = 20

/** Where one side's time goes, as a table: the operators that take most, the rest, and what lies between them. */
export function profileReport({ milliseconds, observedMilliseconds, operators, remark }: Profile): string {
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

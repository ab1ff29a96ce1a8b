import { readFileSync } from 'node:fs'
import type { Profile } from './side.ts'

/**
 * Has TensorFlow's executor tell each node that it starts, with the time in microseconds; one after the other, so that
 * a node lasts until the next begins.
 */
export const executorLogging = {
  TF_CPP_MIN_LOG_LEVEL: '0',
  TF_CPP_VMODULE: 'executor=1',
  TF_NUM_INTEROP_THREADS: '1',
} as const

/** Lines of the log between which one observed run lies. */
export const logMarks = { begin: 'observed run begins', end: 'observed run ends' } as const

/**
 * `I0000 00:00:<seconds> <thread> executor.cc:<line>] Process node: <id> step <number> {{node <name>}} = <operator>[…`,
 * tensorflow/core/common_runtime/executor.cc.
 */
const nodeLine = /^I\d+ \d+:\d+:(\d+\.\d+) .*executor\.cc:\d+\] Process node: .*? = (\w+)\[/

/** Nothing runs after these but the program's caller. */
const returning = '_Retval'

/**
 * Time by operator of the graph as TensorFlow has rewritten it, of the last observed run in the log. Empty where the
 * log has no such lines.
 */
export function operatorsOfLog(file: string): Profile['operators'] {
  const log = readFileSync(file, 'utf8')
  const observed = log.slice(log.lastIndexOf(logMarks.begin), log.lastIndexOf(logMarks.end))
  const nodes = observed.split('\n').flatMap((line) => {
    const [, seconds, operator] = nodeLine.exec(line) ?? []
    return operator === undefined ? [] : [{ at: 1000 * Number(seconds), operator }]
  })
  const times = new Map<string, { milliseconds: number; calls: number }>()
  nodes.slice(0, -1).forEach(({ at, operator }, i) => {
    if (operator === returning) return
    const { milliseconds, calls } = times.get(operator) ?? { milliseconds: 0, calls: 0 }
    times.set(operator, { milliseconds: milliseconds + nodes[i + 1]!.at - at, calls: calls + 1 })
  })
  return [...times]
    .map(([operator, sums]) => ({ operator, ...sums }))
    .sort((one, other) => other.milliseconds - one.milliseconds)
}

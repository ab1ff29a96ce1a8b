import { readFileSync } from 'node:fs'
import type { Profile } from './side.ts'

/**
 * Environment variables with which TensorFlow's executor logs each node that it starts, with the time in microseconds.
 * Nodes run one after the other, so that a node lasts until the next begins.
 */
export const executorLogging = {
  TF_CPP_MIN_LOG_LEVEL: '0',
  TF_CPP_VMODULE: 'executor=1',
  TF_NUM_INTEROP_THREADS: '1',
} as const

/** The lines of the log before and after an observed run. */
export const logMarks = { begin: 'observed run begins', end: 'observed run ends' } as const

/**
 * A line of the log, tensorflow/core/common_runtime/executor.cc: `I0000 00:00:<seconds> <thread> executor.cc:<line>]
 * Process node: <id> step <number> {{node <name>}} = <operator>[…`.
 */
const nodeLine = /^I\d+ \d+:\d+:(\d+\.\d+) .*executor\.cc:\d+\] Process node: .*? = (\w+)\[/

/** The operator after which only the program's caller runs. */
const returning = '_Retval'

/**
 * The time of each operator in the last observed run of the log. Operators are those of the graph as TensorFlow rewrote
 * it. Empty where the log has no such lines.
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

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { logMarks, operatorsOfLog } from './executor-log.ts'

/** A line for a node that starts after so many microseconds. */
function node(microseconds: number, operator: string): string {
  const second = (1_795_384_521 + microseconds / 1e6).toFixed(6)
  return `I0000 00:00:${second}   30833 executor.cc:879] Process node: 8 step 4 {{node go/3_${operator}}} = ${operator}[T=DT_FLOAT](go/1, go/2) device: /device:CPU:0`
}

function operatorsOf(lines: readonly string[]): { operator: string; milliseconds: number; calls: number }[] {
  const folder = mkdtempSync(join(tmpdir(), 'executor-log-'))
  try {
    writeFileSync(join(folder, 'log'), lines.join('\n'))
    return operatorsOfLog(join(folder, 'log')).map((one) => ({
      ...one,
      milliseconds: Math.round(1000 * one.milliseconds) / 1000,
    }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

it('counts each node until the next begins, and lists the longest operator first', () => {
  const lines = [
    logMarks.begin,
    node(0, 'Mul'),
    node(100, 'MatMul'),
    node(900, 'Mul'),
    node(1000, '_Retval'),
    logMarks.end,
  ]
  expect(operatorsOf(lines)).toEqual([
    { operator: 'MatMul', milliseconds: 0.8, calls: 1 },
    { operator: 'Mul', milliseconds: 0.2, calls: 2 },
  ])
})

it('counts the time between two programs for no operator', () => {
  const lines = [
    logMarks.begin,
    node(0, 'Mul'),
    node(100, '_Retval'),
    node(90_000, 'Add'),
    node(90_100, '_Retval'),
    logMarks.end,
  ]
  expect(operatorsOf(lines).map(({ milliseconds }) => milliseconds)).toEqual([0.1, 0.1])
})

it('reads only the last observed run', () => {
  const lines = [
    node(0, 'Sub'),
    logMarks.begin,
    node(100, 'Mul'),
    node(200, '_Retval'),
    logMarks.end,
    node(300, 'Add'),
    node(400, 'Sub'),
  ]
  expect(operatorsOf(lines).map(({ operator }) => operator)).toEqual(['Mul'])
})

it('finds nothing where the executor keeps no such log', () => {
  expect(operatorsOf([logMarks.begin, 'some warning', logMarks.end])).toEqual([])
})

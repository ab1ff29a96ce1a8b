import { expect } from 'vitest'
import { parseStudy } from './study-file.ts'
import { StudyFileInvalid, type SourcePosition } from './schema/study-problem.ts'

/**
 * A malformed file, with ▲ before the place that the reader must point at (without ▲: the beginning), and the message
 * it must give.
 */
export type MalformedStudy = readonly [name: string, marked: string, message: string]

/** Reads a malformed file and expects exactly one problem: at its mark, with its message, on one line. */
export function expectOneProblem(marked: string, message: string): void {
  const { source, position } = unmarked(marked)
  expect(problemLines(source)).toEqual([`f.study.yaml:${position.line}:${position.column}: ${message}`])
}

/** The lines of the reader's error; none where it accepts the file. */
export function problemLines(source: string | Uint8Array): string[] {
  try {
    parseStudy(source, 'f.study.yaml')
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(StudyFileInvalid)
    return (error as Error).message.split('\n')
  }
}

function unmarked(marked: string): { source: string; position: SourcePosition } {
  const before = marked.includes('▲') ? marked.slice(0, marked.indexOf('▲')) : ''
  const lines = before.split('\n')
  return { source: marked.replace('▲', ''), position: { line: lines.length, column: lines.at(-1)!.length + 1 } }
}

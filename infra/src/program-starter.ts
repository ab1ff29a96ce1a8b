import { resolve } from 'node:path'
import process from 'node:process'
import type { ProcessSpecification } from './start-process.ts'

/** The file that Node runs a program of TypeScript by: it is given the program's source and then its arguments. */
export const programStarter = resolve(import.meta.dirname, '../programs/start.mjs')

/** How a program of TypeScript is started as a process, with these arguments. */
export function programProcess(source: string, ...words: string[]): Pick<ProcessSpecification, 'command' | 'args'> {
  return { command: process.execPath, args: [programStarter, source, ...words] }
}

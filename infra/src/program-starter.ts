import { resolve } from 'node:path'

/** The file that Node runs a program of TypeScript by: it is given the program's source and then its arguments. */
export const programStarter = resolve(import.meta.dirname, '../programs/start.mjs')

/*
 * `node infra/programs/start.mjs <file of TypeScript> [arguments…]` runs a program of this checkout, which finds its
 * arguments where it would find them if Node ran the file itself.
 */
import { resolve } from 'node:path'
import { runProgram } from './run-program.mjs'

const [, , file] = process.argv
if (file === undefined) throw new Error('Name the program to start: infra/programs/start.mjs <file of TypeScript>.')
const entry = resolve(file)
process.argv.splice(1, 2, entry)
await runProgram(entry)

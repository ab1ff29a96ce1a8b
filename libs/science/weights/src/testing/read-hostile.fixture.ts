/**
 * Reads the files of a folder one after the other, in a process of its own. Prints the outcome of each, and the memory
 * that reading them took.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readCheckpoint } from '../read-checkpoint.ts'

const folder = process.argv[2]!
process.chdir(folder)
const before = process.resourceUsage().maxRSS
const outcomes = Object.fromEntries(readdirSync(folder).map((name) => [name, outcomeOf(join(folder, name))]))
console.log(JSON.stringify({ outcomes, mebibytes: (process.resourceUsage().maxRSS - before) / 1024 }))

function outcomeOf(path: string) {
  const started = performance.now()
  let [error, message] = ['none', 'it was read']
  try {
    readCheckpoint(path)
  } catch (thrown) {
    error = (thrown as Error).name
    message = (thrown as Error).message
  }
  return { error, message, seconds: (performance.now() - started) / 1000 }
}

import { bundledProgram } from './bundled-program.mjs'

/**
 * Runs a program of TypeScript in this process. Its stack traces name the lines of its sources.
 * @param {string} entry the file that it begins with
 */
export async function runProgram(entry) {
  process.setSourceMapsEnabled(true)
  await import(await bundledProgram(entry))
}

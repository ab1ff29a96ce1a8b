import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Runs a program to its end and gives what it printed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {AbortSignal | undefined} [options.signal]
 * @param {(line: string) => void} [options.onLine] called with each line as it is printed
 * @returns {Promise<{ code: number | null, output: string }>} the last 64 KB of both streams together
 */
export function runCommand(command, args, { cwd, env = process.env, signal, onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(cwd ? { cwd } : {}),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal ? { signal } : {}),
    })
    let output = ''
    let line = ''
    const take = (/** @type {string} */ text) => {
      output = (output + text).slice(-65_536)
      const lines = (line + text).split('\n')
      line = lines.pop() ?? ''
      if (onLine) lines.forEach(onLine)
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

/**
 * The path of the first of `names` that can be run from the PATH.
 * @param {readonly string[]} names
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function findProgram(names, environment = process.env) {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(Boolean)
  return names
    .flatMap((name) => (name.includes('/') ? [name] : folders.map((folder) => join(folder, name))))
    .find(isExecutable)
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

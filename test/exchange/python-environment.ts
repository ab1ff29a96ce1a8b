import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { digestOfBytes } from '@gauntlet/study'

const requirements = resolve(import.meta.dirname, 'requirements.txt')

/**
 * The Python with the tools of others that read exports: a virtual environment in the cache folder, made of
 * `requirements.txt` where it is missing or is of another one. Throws where there is no Python 3.11 with venv, or no
 * package index.
 */
export function pythonOfExchange(cacheFolder: string): string {
  const environment = join(cacheFolder, 'exchange', 'venv')
  const python = join(environment, 'bin', 'python')
  const complete = join(environment, `complete-${digestOfBytes(readFileSync(requirements)).slice(0, 12)}`)
  if (existsSync(complete)) return python
  if (!existsSync(python)) execute('python3', ['-m', 'venv', environment])
  execute(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements])
  writeFileSync(complete, '')
  return python
}

function execute(command: string, options: string[]): void {
  const { status, error } = spawnSync(command, options, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error || status !== 0)
    throw new Error(`\`${[command, ...options].join(' ')}\` failed; install Python 3.11 or newer with venv and pip.`)
}

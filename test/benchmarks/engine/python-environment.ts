import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { digestOfBytes } from '@gauntlet/study'

/** No Python to compare with; the message says what to install. */
class PythonUnavailable extends Error {
  override readonly name = 'PythonUnavailable'
}

const requirements = resolve(import.meta.dirname, '../../parity/backbones/requirements.txt')

/**
 * The Python that has PyTorch, timm and transformers: the virtual environment of test/parity in the cache, made or
 * completed where it lacks something. Several gigabytes at the first time where the package index gives PyTorch with
 * CUDA.
 */
export function pythonWithTorch(cacheFolder: string): string {
  const environment = join(cacheFolder, 'parity', 'venv')
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
  if (error || status !== 0) {
    throw new PythonUnavailable(
      `\`${[command, ...options].join(' ')}\` failed; install Python 3.10 or newer with venv and see that its package index is reachable.`,
    )
  }
}

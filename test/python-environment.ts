import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { digestOfBytes } from '@gauntlet/study'

/** There is no Python to compare with. The message says what to install. */
class PythonUnavailable extends Error {
  override readonly name = 'PythonUnavailable'
}

/**
 * The Python of a virtual environment `<cache folder>/<name>/venv`, made of a file of requirements where it is missing
 * or is of other ones. Throws `PythonUnavailable` where there is no Python with venv, or no package index.
 */
export function pythonWith(cacheFolder: string, name: string, requirements: string): string {
  const environment = join(cacheFolder, name, 'venv')
  const python = join(environment, 'bin', 'python')
  const complete = join(environment, `complete-${digestOfBytes(readFileSync(requirements)).slice(0, 12)}`)
  if (existsSync(complete)) return python
  if (!existsSync(python)) execute('python3', ['-m', 'venv', environment])
  execute(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements])
  writeFileSync(complete, '')
  return python
}

/**
 * The Python with PyTorch, timm and transformers: that of test/parity. The first time this downloads several gigabytes
 * if the package index has PyTorch with CUDA.
 */
export function pythonWithTorch(cacheFolder: string): string {
  return pythonWith(cacheFolder, 'parity', resolve(import.meta.dirname, 'parity/backbones/requirements.txt'))
}

function execute(command: string, options: string[]): void {
  const { status, error } = spawnSync(command, options, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error || status !== 0) {
    throw new PythonUnavailable(
      `\`${[command, ...options].join(' ')}\` failed; install Python 3.11 or newer with venv and see that its package index is reachable.`,
    )
  }
}

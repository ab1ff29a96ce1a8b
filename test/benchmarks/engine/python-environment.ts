import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { digestOfBytes } from '@gauntlet/study'

/** There is no Python to compare with. The message says what to install. */
class PythonUnavailable extends Error {
  override readonly name = 'PythonUnavailable'
}

const requirements = resolve(import.meta.dirname, '../../parity/backbones/requirements.txt')

/**
 * The Python with PyTorch, timm and transformers: that of test/parity's virtual environment in the cache, which is
 * created or completed where something is missing. The first time this downloads several gigabytes if the package index
 * has PyTorch with CUDA.
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

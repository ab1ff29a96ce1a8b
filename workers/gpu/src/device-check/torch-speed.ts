import type { CheckedBackbone } from '@gauntlet/contract'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

/** What is measured. */
interface Measured {
  readonly backbone: string
  readonly batch: number
  readonly resolution: number
  readonly precision: string
}

/** Compiling takes PyTorch minutes. */
const patience = 600_000

/**
 * Images a second of PyTorch on the same work, by the Python that `GAUNTLET_PYTHON` names or the PATH has; null where
 * it has no torch or no timm, or does not know the backbone.
 */
export async function torchSpeed(measured: Measured): Promise<CheckedBackbone['imagesPerSecond'] | null> {
  const python = process.env['GAUNTLET_PYTHON'] ?? 'python3'
  const script = join(import.meta.dirname, 'torch-speed.py')
  try {
    const { stdout } = await promisify(execFile)(python, [script, JSON.stringify(measured)], { timeout: patience })
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as CheckedBackbone['imagesPerSecond']
  } catch {
    return null
  }
}

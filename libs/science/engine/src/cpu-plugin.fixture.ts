import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll } from 'vitest'
import { deviceVariable } from './pjrt/plugin-choice.ts'

/**
 * Runs the programs of a test file by a PJRT plugin for CPUs, which `node infra/set-up.mjs --tests` installs. To be
 * called before the first program.
 */
export function useCpuPlugin(): void {
  process.env[deviceVariable] = 'xla_cpu'
}

/** Keeps compiled programs for the tests of a file. To be called before the first program. */
export function keepCompiledPrograms(): void {
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-compiled-'))
  process.env['GAUNTLET_CACHE'] = folder
  afterAll(() => rmSync(folder, { recursive: true }))
}

/** Does some work with programs that the plugin runs. */
export function onCpuPlugin<Result>(work: () => Promise<Result>): Promise<Result> {
  return onDevice('xla_cpu', work)
}

/** Does some work with programs that TensorFlow runs, to compare. */
export function onTensorflow<Result>(work: () => Promise<Result>): Promise<Result> {
  return onDevice('cpu', work)
}

async function onDevice<Result>(device: string, work: () => Promise<Result>): Promise<Result> {
  const before = process.env[deviceVariable] ?? 'cpu'
  process.env[deviceVariable] = device
  try {
    return await work()
  } finally {
    process.env[deviceVariable] = before
  }
}

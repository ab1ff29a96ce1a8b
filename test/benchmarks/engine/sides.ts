import { join } from 'node:path'
import process from 'node:process'
import { deviceVariables } from '@gauntlet/engine/device-variables'
import type { BenchmarkCase } from './assignment.ts'
import { executorLogging } from './executor-log.ts'
import { Side, type Assignment } from './side.ts'

/**
 * The sides that can be compared, by their names on the command line: Gauntlet; PyTorch without settings, in the layout
 * that suits convolutions, and compiled by inductor in that layout.
 */
export const sideNames = {
  gauntlet: 'Gauntlet',
  eager: 'PyTorch',
  channels_last: 'PyTorch channels_last',
  compiled: 'torch.compile',
} as const

export type SideName = keyof typeof sideNames

const pythonWords: Readonly<Record<Exclude<SideName, 'gauntlet'>, readonly string[]>> = {
  eager: [],
  channels_last: ['channels_last'],
  compiled: ['channels_last', 'compiled'],
}

/** The paths and limits that the sides need. */
export interface SideSetting {
  readonly python: string
  readonly cacheFolder: string
  /**
   * Where Gauntlet stores the agreements of its programs. It is empty at first, as at the very first start on a
   * machine.
   */
  readonly programsFolder: string
  readonly patienceSeconds: number
}

/** Where the compiled code of PyTorch's side is kept, for each backbone, sizes and threads. */
export function compiledCode(cacheFolder: string, { backbone, side, batch, threads, frozen }: BenchmarkCase): string {
  const key = [backbone, `${side}px`, `batch-${batch}`, `threads-${threads}`, ...(frozen ? ['frozen'] : [])].join('-')
  return join(cacheFolder, 'benchmarks', 'inductor', key)
}

/** A side, which starts when it is first asked. `log`: a file in which TensorFlow's executor logs its nodes. */
export function sideFor(
  name: SideName,
  comparison: BenchmarkCase,
  assignment: Assignment,
  setting: SideSetting,
  log?: string,
): Side {
  const variables = {
    ...deviceVariables({ threads: comparison.threads }),
    GAUNTLET_CACHE: setting.programsFolder,
    TORCHINDUCTOR_CACHE_DIR: compiledCode(setting.cacheFolder, comparison),
    ...(log === undefined ? {} : executorLogging),
  }
  return new Side(
    sideNames[name],
    commandOf(name, JSON.stringify(assignment), setting),
    variables,
    setting.patienceSeconds,
    log,
  )
}

function commandOf(name: SideName, words: string, { python }: SideSetting): string[] {
  const inFolder = (file: string) => join(import.meta.dirname, file)
  if (name === 'gauntlet') return [process.execPath, '--import', 'tsx', inFolder('gauntlet-side.ts'), words]
  return [python, inFolder('pytorch_side.py'), words, ...pythonWords[name]]
}

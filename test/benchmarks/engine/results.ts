import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { EngineOptions } from './options.ts'
import type { Memory, Prepared, Work } from './side.ts'

/** The results of one side for one work of one backbone. */
export interface SideResult {
  readonly side: string
  readonly prepared?: Prepared
  /** The times of the measured turns. */
  readonly milliseconds: number[]
  /** The memory after the training step, before the process does anything else. */
  readonly memory?: Memory
  /** Why there are no times, or why they are not valid, in one sentence. */
  failure?: string
}

export interface WorkResult {
  readonly work: Work
  readonly sides: SideResult[]
}

export interface BackboneResult {
  readonly id: string
  readonly family: string
  /** The side of the images in pixels. */
  readonly side: number
  readonly works: WorkResult[]
}

/** The results of one run of the benchmark, complete or so far. */
export interface Results {
  readonly date: string
  readonly machine: string
  /** The load average of the minute before the start. */
  readonly load: number
  readonly options: EngineOptions
  readonly backbones: BackboneResult[]
  /** Whether it has everything that was asked for. */
  complete: boolean
  /** The load average of the last minute, after each backbone. */
  readonly loads: number[]
}

/** Writes the results so far. The file is replaced when all is written. */
export function keep(results: Results): void {
  const { json } = results.options
  mkdirSync(dirname(json), { recursive: true })
  writeFileSync(`${json}.part`, `${JSON.stringify(results, null, 1)}\n`)
  renameSync(`${json}.part`, json)
}

/** The median turn in milliseconds; undefined where no turn is valid. */
export function medianOf({ milliseconds, failure }: SideResult): number | undefined {
  if (failure !== undefined || milliseconds.length === 0) return undefined
  return median(milliseconds)
}

/** The median of at least one value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

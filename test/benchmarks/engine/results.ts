import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { EngineOptions } from './options.ts'
import type { Memory, Prepared, Work } from './side.ts'

/** One side at one work of one backbone. */
export interface SideResult {
  readonly side: string
  readonly prepared?: Prepared
  /** The turns that count. */
  readonly milliseconds: number[]
  /** After the training step, before anything else was done in the process. */
  readonly memory?: Memory
  /** Why there are no times, or why they do not count, in one sentence. */
  failure?: string
}

export interface WorkResult {
  readonly work: Work
  readonly sides: SideResult[]
}

export interface BackboneResult {
  readonly id: string
  readonly family: string
  /** Side of the images, in pixels. */
  readonly side: number
  readonly works: WorkResult[]
}

/** One run of the benchmark, or as much as there is of it. */
export interface Results {
  readonly date: string
  readonly machine: string
  /** Of the minute before the start. */
  readonly load: number
  readonly options: EngineOptions
  readonly backbones: BackboneResult[]
  /** Whether everything that was asked for is in it. */
  complete: boolean
  /** Load averages of the last minute after each backbone. */
  readonly loads: number[]
}

/** Writes the results so far; what stood there stays until all is written. */
export function keep(results: Results): void {
  const { json } = results.options
  mkdirSync(dirname(json), { recursive: true })
  writeFileSync(`${json}.part`, `${JSON.stringify(results, null, 1)}\n`)
  renameSync(`${json}.part`, json)
}

/** The median turn in milliseconds, if there is one that counts. */
export function medianOf({ milliseconds, failure }: SideResult): number | undefined {
  if (failure !== undefined || milliseconds.length === 0) return undefined
  return median(milliseconds)
}

/** Of at least one value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

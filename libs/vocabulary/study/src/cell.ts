import type { LossName } from './configuration.ts'

/** One cell of a study's grid, by the ids of its axes. */
export interface Cell {
  readonly dataset: string
  readonly backbone: string
  readonly loss: LossName
  readonly protocol: string
  readonly seed: number
}

/** The axes, the outermost first: neighbouring cells share the dataset and the pretrained weights. */
export const axisOrder = ['dataset', 'backbone', 'protocol', 'loss', 'seed'] as const

/** The label of a cell in messages and exclusions. */
export function cellLabel({ dataset, backbone, loss, protocol, seed }: Cell): string {
  return `${dataset} · ${backbone} · ${loss} · ${protocol} · seed ${seed}`
}

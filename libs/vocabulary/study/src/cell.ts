import type { LossName } from './configuration.ts'

/** One cell of a study's grid, by the ids of its axes. */
export interface Cell {
  readonly dataset: string
  readonly backbone: string
  readonly loss: LossName
  readonly protocol: string
  readonly seed: number
}

/** From the outermost to the innermost: neighbours share the dataset and the pretrained weights. */
export const axisOrder = ['dataset', 'backbone', 'protocol', 'loss', 'seed'] as const

/** A cell as messages and exclusions write it. */
export function cellLabel({ dataset, backbone, loss, protocol, seed }: Cell): string {
  return `${dataset} · ${backbone} · ${loss} · ${protocol} · seed ${seed}`
}

import { grouped } from '../statistics/moments.ts'
import type { ScoredConfiguration } from './rank.ts'

/** One of the best of a size class. */
export interface PodiumPlace {
  readonly place: number
  readonly backbone: string
  readonly loss: string
  readonly borda: number
  /** Among all configurations of the protocol. */
  readonly globalRank: number
}

/** The three best of each size class by Borda, with their global rank (the paper's podium tables). */
export function podium(ranked: readonly ScoredConfiguration[]): Record<string, PodiumPlace[]> {
  const classes = grouped(
    ranked.filter(({ size }) => size !== null),
    ({ size }) => size!,
  )
  return Object.fromEntries(
    [...classes].map(([size, members]) => [
      size,
      members.slice(0, 3).map(({ backbone, loss, borda, rank }, i) => ({
        place: i + 1,
        backbone,
        loss,
        borda,
        globalRank: rank,
      })),
    ]),
  )
}

import { readFileSync } from 'node:fs'

/** An array of float32 numbers as base64. */
type Packed = string

/** A recorded run of the reference: the noise of its start, row by row, and the points of some steps. */
export interface RecordedRun {
  readonly noise: Packed | null
  /** Number of steps that float32 can follow; all unless given. */
  readonly resolved?: number
  /** The steps (from 0) whose points are recorded. */
  readonly steps: readonly number[]
  /** [steps, images, coordinates]. */
  readonly points: Packed
}

/** A recorded run of Square, with the random numbers of each image's start and queries. */
export interface RecordedQueries extends RecordedRun {
  readonly epsilon: number
  readonly start: Packed
  /** [queries, images, draws]. */
  readonly queries: Packed
}

type Norm = 'Linf' | 'L2' | 'L1'

/** The file that make_fixtures.py writes. */
interface Fixtures {
  readonly units: {
    readonly l1Projection: readonly { readonly epsilon: number; readonly projected: Packed }[]
    readonly l1ProjectionInputs: { readonly images: Packed; readonly offsets: Packed }
    readonly hyperplanes: Record<Norm | 'points' | 'slopes' | 'levels', Packed>
    readonly ratios: {
      readonly logits: Packed
      readonly labels: number[]
      readonly targets: number[]
      readonly plain: Packed
      readonly plainGradient: Packed
      readonly targeted: Packed
      readonly targetedGradient: Packed
    }
    readonly windows: {
      readonly queries: number[]
      readonly shares: number[]
      readonly sides: Record<string, number[]>
    }
    readonly bumps: Record<string, Packed>
  }
  readonly trajectories: {
    readonly first: Packed
    readonly second: Packed
    readonly images: Packed
    readonly labels: number[]
    readonly targets: number[]
    readonly epsilons: Record<Norm, number>
  } & Record<`${'apgd' | 'fab' | 'fab-t'} ${string}`, RecordedRun> &
    Record<`square ${string}`, RecordedQueries>
}

export const fixtures = JSON.parse(readFileSync(new URL('fixtures.json', import.meta.url), 'utf8')) as Fixtures

export function unpacked(packed: Packed): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(packed, 'base64')).buffer)
}

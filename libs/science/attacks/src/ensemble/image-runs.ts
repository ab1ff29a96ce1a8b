import type { RunPosition } from './attack-batch.ts'
import type { Attack, Cost } from '../attack/attack.ts'
import { verdictAfter, type PointPrediction } from './verdict.ts'

/** What a run found for one image, and the passes that it took. */
export interface RunFinding extends Cost {
  /** Its deciding point (`Verdict`); null where none counted. */
  readonly point: PointPrediction | null
}

/** A run that went ahead of its turn. */
export interface RunAhead extends RunFinding {
  /** Whether it fell or took all its steps. */
  readonly isOver: boolean
  /** The adversarial point, if it was asked for. */
  readonly felling?: Float32Array | undefined
}

/**
 * How far an image is in the runs of an attack (restarts, target classes). Rows of a pass that no image waits for are
 * given to further runs of the images that are there. Such a run goes ahead of its turn: what it finds counts once all
 * runs before it are over and have not felled the image, and is forgotten if one of them does. So a verdict is the one
 * of runs one after the other, passes included, and rows that would only have filled the pass do the work of later
 * runs.
 */
export class ImageRuns {
  readonly ahead: Map<number, RunAhead>

  /** `lead`: the run whose turn it is. */
  constructor(
    public lead = 0,
    ahead: Iterable<readonly [run: number, RunAhead]> = [],
  ) {
    this.ahead = new Map(ahead)
  }

  /** Adds what a run that went ahead found in a block. No run after one that fell is of use. */
  add(run: number, found: RunAhead, label: number): void {
    const before = this.ahead.get(run)
    if (!before) return // an earlier one fell in this very block
    this.ahead.set(run, { ...found, ...together(before, found, label) })
    if (fell(found, label)) for (const later of this.ahead.keys()) if (later > run) this.ahead.delete(later)
  }

  /** Whether a run is still of use. */
  isOpen(run: number): boolean {
    return run === this.lead || this.ahead.has(run)
  }

  /** Gives the next run its turn, and what it has found if it went ahead. */
  takeTurn(): RunAhead | undefined {
    this.lead += 1
    const found = this.ahead.get(this.lead)
    this.ahead.delete(this.lead)
    return found
  }

  /** Whether there is a run that has not begun. */
  hasMore({ runs }: Attack): boolean {
    return this.lead + 1 + this.ahead.size < runs
  }

  /** Begins one run more ahead of its turn, if there is one and none that went ahead has fallen. */
  beginAhead(attack: Attack, label: number): number | undefined {
    const run = this.lead + 1 + this.ahead.size
    if (!this.hasMore(attack) || [...this.ahead.values()].some((found) => fell(found, label))) return undefined
    this.ahead.set(run, { point: null, forwards: 0, backwards: 0, isOver: false })
    return run
  }

  /** What is kept for a later attempt. A run that fell ahead of its turn is begun again there, and falls as before. */
  saved(row: number, label: number): SavedRuns {
    const kept = [...this.ahead].filter(([, found]) => !fell(found, label))
    return {
      row,
      lead: this.lead,
      ahead: kept.map(([run, { point, forwards, backwards, isOver }]) => [run, { point, forwards, backwards, isOver }]),
    }
  }
}

/** How far an image is in the runs of an attack, as plain numbers. */
export interface SavedRuns {
  /** The image's row in the image set. */
  readonly row: number
  readonly lead: number
  readonly ahead: readonly (readonly [run: number, found: RunAhead])[]
}

/**
 * Starts of runs ahead of their turn for at most `free` rows of a pass: of the images that are least far ahead first,
 * since what an earlier run finds is more likely to count.
 */
export function runsAhead(
  attack: Attack,
  images: ReadonlyMap<number, ImageRuns>,
  labels: readonly number[],
  free: number,
): RunPosition[] {
  const begun: RunPosition[] = []
  let open = [...images]
  while (begun.length < free && open.length > 0) {
    const fewest = Math.min(...open.map(([, { ahead }]) => ahead.size))
    open = open.filter(([row, runs]) => {
      if (runs.ahead.size > fewest || begun.length === free) return true
      const run = runs.beginAhead(attack, labels[row]!)
      if (run !== undefined) begun.push({ row, run, step: 0 })
      return run !== undefined
    })
  }
  return begun
}

function fell({ point }: RunFinding, label: number): boolean {
  return point !== null && point.prediction !== label
}

/** What a run found before and after. */
function together(before: RunFinding, after: RunFinding, label: number): RunFinding {
  const verdict = before.point && { ...before.point, held: !fell(before, label) }
  const { held: _, ...point } = after.point
    ? verdictAfter(verdict, after.point, label)
    : { held: true, ...before.point }
  return {
    point: before.point || after.point ? (point as PointPrediction) : null,
    forwards: before.forwards + after.forwards,
    backwards: before.backwards + after.backwards,
  }
}

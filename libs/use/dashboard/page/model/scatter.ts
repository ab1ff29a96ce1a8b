import { wilsonInterval } from '@gauntlet/analysis'
import type { FactorName } from '@gauntlet/api/wire'
import type { Measure, StudyModel } from './study-model.ts'

/** A configuration as a point, with 95 % intervals where both numbers are accuracies. */
export interface Point {
  readonly position: number
  readonly x: number
  readonly y: number
  readonly xInterval: readonly [number, number] | null
  readonly yInterval: readonly [number, number] | null
  /** The level of the factor that gives colour and shape. */
  readonly group: number
}

/** The configurations that have both numbers. Numbers that must not be ranked are left out, and counted. */
export function pointsOf(
  model: StudyModel,
  x: Measure,
  y: Measure,
  factor: FactorName,
): { readonly points: readonly Point[]; readonly refused: number; readonly missing: number } {
  const points: Point[] = []
  let [refused, missing] = [0, 0]
  for (let position = 0; position < model.size; position++) {
    const [horizontal, vertical] = [model.cell(position, x), model.cell(position, y)]
    if (horizontal.kind === 'refused' || vertical.kind === 'refused') refused++
    else if (horizontal.value === null || vertical.value === null) missing++
    else
      points.push({
        position,
        x: horizontal.value,
        y: vertical.value,
        xInterval: intervalOf(model, position, x),
        yInterval: intervalOf(model, position, y),
        group: model.levelIndex(position, factor),
      })
  }
  return { points, refused, missing }
}

function intervalOf(model: StudyModel, position: number, measure: Measure): readonly [number, number] | null {
  const counted = measure === 'score' ? null : model.count(model.row(position, measure))
  return counted ? (wilsonInterval(counted) as unknown as readonly [number, number]) : null
}

/** Points that differ in their seed alone, in groups of two or more: they are joined by a line. */
export function seedGroups(model: StudyModel, points: readonly Point[]): (readonly Point[])[] {
  if (!model.factors.includes('seed')) return []
  const others = model.factors.filter((factor) => factor !== 'seed')
  const groups = new Map<string, Point[]>()
  for (const point of points) {
    const key = others.map((factor) => model.levelIndex(point.position, factor)).join('.')
    const group = groups.get(key)
    if (group) group.push(point)
    else groups.set(key, [point])
  }
  return [...groups.values()].filter(({ length }) => length > 1)
}

/** Pixels from a point within which it is meant. */
const reach = 12

/** The point nearest to a place on the screen, where one is within reach. */
export function nearestPoint(
  points: readonly Point[],
  place: { readonly x: number; readonly y: number },
  onScreen: (point: Point) => { readonly x: number; readonly y: number },
): Point | null {
  let best: Point | null = null
  let distance = reach
  for (const point of points) {
    const at = onScreen(point)
    const own = Math.hypot(at.x - place.x, at.y - place.y)
    if (own < distance) [best, distance] = [point, own]
  }
  return best
}

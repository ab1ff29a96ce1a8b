import type { Point } from '../model/scatter.ts'
import { ticksOf } from '../model/ticks.ts'

/** What the drawing shows. */
export interface ScatterDrawing {
  readonly points: readonly Point[]
  readonly joined: readonly (readonly Point[])[]
  readonly chosen: ReadonlySet<number>
  readonly pointed: number | null
  readonly titles: { readonly x: string; readonly y: string }
  /** The largest value of each axis: 1 for accuracies, more for scores. */
  readonly most: { readonly x: number; readonly y: number }
  readonly size: { readonly width: number; readonly height: number }
  readonly colours: {
    readonly ink: string
    readonly muted: string
    readonly line: string
    readonly groups: readonly string[]
  }
}

const margin = { left: 56, bottom: 44, top: 12, right: 28 }
/** Points whose intervals are drawn; more would hide each other. */
const mostIntervals = 300

/** Where a point stands on the screen. */
export function placeOnScreen(
  { size, most }: Pick<ScatterDrawing, 'size' | 'most'>,
  { x, y }: { x: number; y: number },
) {
  return {
    x: margin.left + (x / most.x) * (size.width - margin.left - margin.right),
    y: size.height - margin.bottom - (y / most.y) * (size.height - margin.bottom - margin.top),
  }
}

/** Draws the points with their axes. */
export function drawScatter(context: CanvasRenderingContext2D, drawing: ScatterDrawing): void {
  const { size, points, joined, colours, chosen, pointed } = drawing
  context.clearRect(0, 0, size.width, size.height)
  drawAxes(context, drawing)
  context.lineWidth = 1
  context.strokeStyle = colours.muted
  context.globalAlpha = 0.35
  for (const group of joined) {
    context.beginPath()
    for (const point of group) {
      const { x, y } = placeOnScreen(drawing, point)
      context.lineTo(x, y)
    }
    context.stroke()
  }
  context.globalAlpha = 1
  const isFew = points.length <= mostIntervals
  for (const point of points) {
    const isShown = chosen.has(point.position) || point.position === pointed
    if (isFew || isShown) drawIntervals(context, drawing, point, isShown)
  }
  for (const point of points) drawPoint(context, drawing, point)
  for (const point of points)
    if (chosen.has(point.position) || point.position === pointed) drawRing(context, drawing, point)
}

function drawAxes(context: CanvasRenderingContext2D, drawing: ScatterDrawing): void {
  const { size, most, colours, titles } = drawing
  context.font = '12px system-ui, sans-serif'
  context.fillStyle = colours.muted
  context.strokeStyle = colours.line
  context.textBaseline = 'middle'
  const text = (value: number, limit: number) => (limit === 1 ? `${Math.round(100 * value)} %` : String(value))
  for (const value of ticksOf(0, most.y, 5)) {
    const { y } = placeOnScreen(drawing, { x: 0, y: value })
    line(context, margin.left, y, size.width - margin.right, y)
    context.textAlign = 'right'
    context.fillText(text(value, most.y), margin.left - 6, y)
  }
  for (const value of ticksOf(0, most.x, 5)) {
    const { x } = placeOnScreen(drawing, { x: value, y: 0 })
    line(context, x, margin.top, x, size.height - margin.bottom)
    context.textAlign = 'center'
    context.fillText(text(value, most.x), x, size.height - margin.bottom + 14)
  }
  context.fillStyle = colours.ink
  context.fillText(titles.x, (margin.left + size.width) / 2, size.height - 10)
  context.save()
  context.translate(10, (size.height - margin.bottom) / 2)
  context.rotate(-Math.PI / 2)
  context.fillText(titles.y, 0, 0)
  context.restore()
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath()
  context.moveTo(x1, y1)
  context.lineTo(x2, y2)
  context.stroke()
}

function drawIntervals(
  context: CanvasRenderingContext2D,
  drawing: ScatterDrawing,
  point: Point,
  isShown: boolean,
): void {
  const { colours } = drawing
  context.strokeStyle = isShown ? colours.ink : colours.muted
  context.globalAlpha = isShown ? 0.9 : 0.7
  if (point.xInterval) {
    const [low, high] = point.xInterval.map((x) => placeOnScreen(drawing, { x, y: point.y }))
    line(context, low!.x, low!.y, high!.x, high!.y)
  }
  if (point.yInterval) {
    const [low, high] = point.yInterval.map((y) => placeOnScreen(drawing, { x: point.x, y }))
    line(context, low!.x, low!.y, high!.x, high!.y)
  }
  context.globalAlpha = 1
}

/** Corners of the shape of each group; 0 is a circle. Shapes tell groups apart where colours do not. */
const shapes = [0, 4, 3, 6, 5] as const

function drawPoint(context: CanvasRenderingContext2D, drawing: ScatterDrawing, point: Point): void {
  const { x, y } = placeOnScreen(drawing, point)
  const { groups } = drawing.colours
  context.fillStyle = groups[point.group % groups.length]!
  context.globalAlpha = 0.85
  tracePoint(context, x, y, 4.5, shapes[point.group % shapes.length]!)
  context.fill()
  context.globalAlpha = 1
}

function drawRing(context: CanvasRenderingContext2D, drawing: ScatterDrawing, point: Point): void {
  const { x, y } = placeOnScreen(drawing, point)
  context.strokeStyle = drawing.colours.ink
  context.lineWidth = 2
  tracePoint(context, x, y, 8, 0)
  context.stroke()
  context.lineWidth = 1
}

function tracePoint(context: CanvasRenderingContext2D, x: number, y: number, radius: number, corners: number): void {
  context.beginPath()
  if (corners === 0) {
    context.arc(x, y, radius, 0, 2 * Math.PI)
    return
  }
  for (let i = 0; i < corners; i++) {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2
    context.lineTo(x + 1.25 * radius * Math.cos(angle), y + 1.25 * radius * Math.sin(angle))
  }
  context.closePath()
}

/** How many colours groups have; styles.css says which. */
export const groupColours = 8

/** How many groups differ in colour or shape: both go round, and their numbers have no common divisor. */
export const distinctSigns = groupColours * shapes.length

/** The sign of a group as text, for legends. */
export function shapeSign(group: number): string {
  return ['●', '◆', '▲', '⬢', '⬟'][group % shapes.length]!
}

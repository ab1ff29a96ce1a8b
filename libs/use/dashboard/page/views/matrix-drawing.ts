import type { Pivot } from '../model/pivot.ts'
import { cellText, type CellKind, type ShownCell, type StudyModel } from '../model/study-model.ts'

/** The measures of the drawing, in CSS pixels. */
export interface MatrixLayout {
  readonly cellWidth: number
  readonly cellHeight: number
  /** Width of the names of the rows, and height of those of the columns. */
  readonly headWidth: number
  readonly headHeight: number
}

const lineHeight = 17

/** The layout for a pivot in a window of this width. */
export function layoutOf({ columnFactors, rows }: Pivot, windowWidth: number): MatrixLayout {
  const longest = Math.max(8, ...rows.slice(0, 400).map(({ levels }) => levels.join(' · ').length))
  const headWidth = Math.min(longest * 7 + 20, windowWidth * (windowWidth < 600 ? 0.38 : 0.3))
  return { cellWidth: 74, cellHeight: 26, headWidth, headHeight: Math.max(1, columnFactors.length) * lineHeight + 8 }
}

/** The colours of the page, which the drawing has no other way to know. */
export interface Colours {
  readonly ink: string
  readonly muted: string
  readonly paper: string
  readonly head: string
  readonly line: string
  readonly low: readonly number[]
  readonly high: readonly number[]
  readonly bad: string
  readonly focus: string
}

/** Reads the colours of the present theme. */
export function readColours(element: Element): Colours {
  const style = getComputedStyle(element)
  const text = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const levels = (name: string) => text(name).split(/\s+/).map(Number)
  return {
    ink: text('ink'),
    muted: text('muted'),
    paper: text('paper'),
    head: text('head'),
    line: text('line'),
    low: levels('scale-low'),
    high: levels('scale-high'),
    bad: text('bad-paper'),
    focus: text('focus'),
  }
}

interface Drawing {
  readonly model: StudyModel
  readonly pivot: Pivot
  readonly layout: MatrixLayout
  readonly colours: Colours
  readonly scroll: { readonly left: number; readonly top: number }
  readonly size: { readonly width: number; readonly height: number }
  readonly active: { readonly row: number; readonly column: number }
  readonly hasFocus: boolean
}

/** Draws what is seen of the matrix. The names of rows and columns stay where they are. */
export function drawMatrix(context: CanvasRenderingContext2D, drawing: Drawing): void {
  const { pivot, layout, colours, scroll, size } = drawing
  context.clearRect(0, 0, size.width, size.height)
  context.textBaseline = 'middle'
  const seen = {
    left: Math.floor(scroll.left / layout.cellWidth),
    right: Math.min(pivot.columns.length, Math.ceil((scroll.left + size.width - layout.headWidth) / layout.cellWidth)),
    top: Math.floor(scroll.top / layout.cellHeight),
    bottom: Math.min(pivot.rows.length, Math.ceil((scroll.top + size.height - layout.headHeight) / layout.cellHeight)),
  }
  clipTo(context, [layout.headWidth, layout.headHeight, size.width, size.height], () =>
    drawCells(context, drawing, seen),
  )
  context.fillStyle = colours.head
  context.fillRect(0, 0, size.width, layout.headHeight)
  context.fillRect(0, 0, layout.headWidth, size.height)
  clipTo(context, [layout.headWidth, 0, size.width, layout.headHeight], () => drawColumnNames(context, drawing, seen))
  clipTo(context, [0, layout.headHeight, layout.headWidth, size.height], () => drawRowNames(context, drawing, seen))
  drawCorner(context, drawing)
}

interface Seen {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

function clipTo(
  context: CanvasRenderingContext2D,
  [left, top, right, bottom]: readonly [number, number, number, number],
  draw: () => void,
): void {
  context.save()
  context.beginPath()
  context.rect(left, top, right - left, bottom - top)
  context.clip()
  draw()
  context.restore()
}

function drawCells(context: CanvasRenderingContext2D, drawing: Drawing, seen: Seen): void {
  const { model, pivot, layout, colours, scroll, active, hasFocus } = drawing
  context.font = '13px ui-monospace, Menlo, Consolas, monospace'
  context.textAlign = 'right'
  for (let row = seen.top; row < seen.bottom; row++) {
    for (let column = seen.left; column < seen.right; column++) {
      const position = pivot.at(row, column)
      if (position < 0) continue
      const x = layout.headWidth + column * layout.cellWidth - scroll.left
      const y = layout.headHeight + row * layout.cellHeight - scroll.top
      const { measure } = pivot.columns[column]!
      const cell = model.cell(position, measure)
      context.fillStyle = background(cell, measure === 'score' ? model.width : 1, colours)
      context.fillRect(x, y, layout.cellWidth - 1, layout.cellHeight - 1)
      context.fillStyle = cell.value === null && cell.kind !== 'failed' ? colours.muted : colours.ink
      context.fillText(cellText(cell, measure), x + layout.cellWidth - 7, y + layout.cellHeight / 2)
    }
  }
  const [x, y] = [active.column * layout.cellWidth - scroll.left, active.row * layout.cellHeight - scroll.top]
  context.strokeStyle = colours.focus
  context.lineWidth = hasFocus ? 3 : 1.5
  context.strokeRect(layout.headWidth + x + 1, layout.headHeight + y + 1, layout.cellWidth - 3, layout.cellHeight - 3)
}

const plainKinds: ReadonlySet<CellKind> = new Set(['pending', 'older', 'running', 'unread'])

/** Between the two ends of the scale by value; failures have a colour of their own beside their sign. */
function background({ kind, value }: ShownCell, most: number, { low, high, bad, paper }: Colours): string {
  if (value === null) return plainKinds.has(kind) ? paper : bad
  const share = Math.min(Math.max(value / most, 0), 1)
  const [r, g, b] = low.map((from, i) => Math.round(from + share * (high[i]! - from)))
  return `rgb(${r} ${g} ${b})`
}

/** A line for each factor; neighbours with the same levels up to it share one name. */
function drawColumnNames(
  context: CanvasRenderingContext2D,
  { pivot, layout, colours, scroll, size }: Drawing,
  seen: Seen,
): void {
  context.font = '12px system-ui, sans-serif'
  context.textAlign = 'left'
  for (let factor = 0; factor < pivot.columnFactors.length; factor++) {
    const y = 4 + lineHeight * (factor + 0.5)
    for (let column = seen.left; column < seen.right;) {
      const levels = pivot.columns[column]!.levels.slice(0, factor + 1)
      const isSame = (at: number) => pivot.columns[at]?.levels.slice(0, factor + 1).join('\n') === levels.join('\n')
      let end = column + 1
      while (end < seen.right && isSame(end)) end++
      const left = layout.headWidth + column * layout.cellWidth - scroll.left
      const right = layout.headWidth + end * layout.cellWidth - scroll.left
      const text = pivot.columnFactors[factor] === 'seed' ? `seed ${levels.at(-1)}` : levels.at(-1)!
      context.fillStyle = colours.line
      context.fillRect(left - 1, y - lineHeight / 2, 1, size.height)
      context.fillStyle = colours.ink
      const from = Math.max(left, layout.headWidth) + 4
      context.fillText(fitted(context, text, right - from - 4), from, y)
      column = end
    }
  }
}

function drawRowNames(
  context: CanvasRenderingContext2D,
  { pivot, layout, colours, scroll }: Drawing,
  seen: Seen,
): void {
  context.font = '13px system-ui, sans-serif'
  context.textAlign = 'left'
  for (let row = seen.top; row < seen.bottom; row++) {
    const y = layout.headHeight + row * layout.cellHeight - scroll.top
    context.fillStyle = colours.ink
    const name = pivot.rows[row]!.levels.join(' · ')
    context.fillText(fitted(context, name, layout.headWidth - 16), 8, y + layout.cellHeight / 2)
  }
}

function drawCorner(context: CanvasRenderingContext2D, { pivot, layout, colours }: Drawing): void {
  context.font = '12px system-ui, sans-serif'
  context.textAlign = 'left'
  context.fillStyle = colours.muted
  context.fillText(
    fitted(context, pivot.rowFactors.join(' · '), layout.headWidth - 16),
    8,
    layout.headHeight - 4 - lineHeight / 2,
  )
  context.fillStyle = colours.line
  context.fillRect(0, layout.headHeight - 1, 10_000, 1)
  context.fillRect(layout.headWidth - 1, 0, 1, 10_000)
}

/** As much of a text as fits. Its midst is left out, because names of one family differ in their ends. */
export function fitted(context: Pick<CanvasText, 'measureText'>, text: string, width: number): string {
  if (width < 12) return ''
  if (context.measureText(text).width <= width) return text
  const cut = (length: number) => {
    const end = Math.floor(length / 2)
    return `${text.slice(0, length - end)}…${text.slice(text.length - end)}`
  }
  let length = text.length - 1
  while (length > 1 && context.measureText(cut(length)).width > width) length--
  return cut(length)
}

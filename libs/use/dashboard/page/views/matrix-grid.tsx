import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Pivot } from '../model/pivot.ts'
import type { StudyModel } from '../model/study-model.ts'
import { theme } from '../state/kept-settings.ts'
import { useSize } from '../state/use-size.ts'
import { drawMatrix, layoutOf, readColours, type MatrixLayout } from './matrix-drawing.ts'

interface GridProps {
  readonly model: StudyModel
  /** The model is renewed in place, and signals let a component be drawn again only where a property is another. */
  readonly revision: number
  readonly pivot: Pivot
  readonly active: { readonly row: number; readonly column: number }
  readonly onMove: (row: number, column: number) => void
  /** A cell was chosen, by a press or by Enter. */
  readonly onChoose: (row: number, column: number) => void
  readonly onSortBy: (column: number) => void
}

/**
 * The matrix: drawn on a canvas, because tens of thousands of cells as elements do not scroll smoothly; a grid to
 * keyboards and screen readers, which get the cell they are at as elements.
 */
export function MatrixGrid(props: GridProps) {
  const { model, revision, pivot, active } = props
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useSize(box)
  const [hasFocus, setFocus] = useState(false)
  const [hovered, setHovered] = useState<{ row: number; column: number } | null>(null)
  const layout = layoutOf(pivot, size.width || 1_000)
  useDrawing({ ...props, canvas, box, layout, size, hasFocus })
  // An address may name a cell that is far from the first one.
  useEffect(() => scrollTo(box.current!, layout, active.row, active.column), [size.width > 0])
  const move = (row: number, column: number) => {
    const [toRow, toColumn] = [clamp(row, pivot.rows.length), clamp(column, pivot.columns.length)]
    scrollTo(box.current!, layout, toRow, toColumn)
    props.onMove(toRow, toColumn)
  }
  const cellAt = (event: MouseEvent) => {
    const { left, top } = box.current!.getBoundingClientRect()
    const [x, y] = [event.clientX - left, event.clientY - top]
    const column = Math.floor((x - layout.headWidth + box.current!.scrollLeft) / layout.cellWidth)
    const row =
      y < layout.headHeight ? -1 : Math.floor((y - layout.headHeight + box.current!.scrollTop) / layout.cellHeight)
    const isIn = x >= layout.headWidth && column < pivot.columns.length && row < pivot.rows.length
    return isIn ? { row, column } : null
  }
  const onClick = (event: MouseEvent) => {
    const cell = cellAt(event)
    if (cell?.row === -1) props.onSortBy(cell.column)
    else if (cell && pivot.at(cell.row, cell.column) >= 0) props.onChoose(cell.row, cell.column)
  }
  const shown = pivot.at(active.row, active.column)
  const toldCell = hovered && hovered.row >= 0 ? hovered : active
  const told = pivot.at(toldCell.row, toldCell.column)
  const toldMeasure = pivot.columns[toldCell.column]?.measure ?? 0
  return (
    <>
      <div
        ref={box}
        class="matrix"
        role="grid"
        tabIndex={0}
        aria-label="Matrix of the study"
        aria-rowcount={pivot.rows.length + 1}
        aria-colcount={pivot.columns.length + 1}
        aria-activedescendant="active-cell"
        aria-describedby="matrix-keys"
        onKeyDown={(event) => onKey(event, active, pivot, move, props.onChoose)}
        onClick={onClick}
        onMouseMove={(event) => setHovered(cellAt(event))}
        onMouseLeave={() => setHovered(null)}
        onFocus={() => setFocus(true)}
        onBlur={() => setFocus(false)}
      >
        <div class="matrix-window" aria-hidden="true">
          <canvas ref={canvas} />
        </div>
        <Spacer layout={layout} pivot={pivot} />
        <div role="row" class="hidden" aria-rowindex={active.row + 2}>
          <span role="rowheader" aria-colindex={1}>
            {pivot.rows[active.row]?.levels.join(' · ')}
          </span>
          <span role="gridcell" id="active-cell" aria-colindex={active.column + 2} aria-selected="true">
            {pivot.columns[active.column]?.levels.join(' · ')}:{' '}
            {shown < 0 ? 'no such configuration' : model.sentence(shown, pivot.columns[active.column]!.measure)}
          </span>
        </div>
      </div>
      <p class="hidden" id="matrix-keys">
        Arrow keys move, Enter opens a cell, Home and End go to the ends of a row, with Control to those of the matrix.
      </p>
      <p class="matrix-told" data-revision={revision}>
        {told < 0 ? (
          'The study has no such configuration.'
        ) : (
          <>
            <b>{model.label(told)}</b>{' '}
            {toldMeasure === 'score' ? '' : `${model.grid.perturbations[toldMeasure]!.heading}: `}
            {model.sentence(told, toldMeasure)}
          </>
        )}
      </p>
    </>
  )
}

/** Makes the box scroll as far as all cells reach. Styles are set by script, since the page allows none in its text. */
function Spacer({ layout, pivot }: { readonly layout: MatrixLayout; readonly pivot: Pivot }) {
  const spacer = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const { style } = spacer.current!
    style.width = `${layout.headWidth + pivot.columns.length * layout.cellWidth}px`
    style.height = `${layout.headHeight + pivot.rows.length * layout.cellHeight}px`
    // A small matrix takes no more room than it needs: its rows, and a bar to scroll by.
    spacer.current!.parentElement!.style.maxHeight = `${layout.headHeight + pivot.rows.length * layout.cellHeight + 18}px`
  })
  return <div ref={spacer} class="matrix-spacer" />
}

interface DrawingProps extends GridProps {
  readonly canvas: { readonly current: HTMLCanvasElement | null }
  readonly box: { readonly current: HTMLDivElement | null }
  readonly layout: MatrixLayout
  readonly size: { readonly width: number; readonly height: number }
  readonly hasFocus: boolean
}

/** Draws after every change and with every scrolling, at most once a frame. */
function useDrawing(props: DrawingProps): void {
  const { canvas, box, size } = props
  const latest = useRef(props)
  latest.current = props
  const frame = useRef(0)
  const draw = () => {
    window.cancelAnimationFrame(frame.current)
    frame.current = window.requestAnimationFrame(() => drawNow(latest.current))
  }
  useLayoutEffect(() => {
    const ratio = window.devicePixelRatio || 1
    Object.assign(canvas.current!, { width: size.width * ratio, height: size.height * ratio })
    Object.assign(canvas.current!.style, { width: `${size.width}px`, height: `${size.height}px` })
    canvas.current!.getContext('2d')!.setTransform(ratio, 0, 0, ratio, 0, 0)
    drawNow(latest.current)
  }, [size])
  useEffect(draw)
  useEffect(() => {
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    box.current!.addEventListener('scroll', draw, { passive: true })
    dark.addEventListener('change', draw)
    return () => {
      dark.removeEventListener('change', draw)
      window.cancelAnimationFrame(frame.current)
    }
  }, [])
}

function drawNow({ canvas, box, ...drawing }: DrawingProps): void {
  const context = canvas.current?.getContext('2d')
  if (!context || !box.current || theme.value === undefined) return
  const scroll = { left: box.current.scrollLeft, top: box.current.scrollTop }
  drawMatrix(context, { ...drawing, colours: readColours(box.current), scroll })
}

function clamp(value: number, count: number): number {
  return Math.min(Math.max(value, 0), count - 1)
}

/** Scrolls so far that a cell is seen. */
function scrollTo(box: HTMLDivElement, layout: MatrixLayout, row: number, column: number): void {
  const [x, y] = [column * layout.cellWidth, row * layout.cellHeight]
  const [width, height] = [box.clientWidth - layout.headWidth, box.clientHeight - layout.headHeight]
  box.scrollLeft = Math.min(Math.max(box.scrollLeft, x + layout.cellWidth - width), x)
  box.scrollTop = Math.min(Math.max(box.scrollTop, y + layout.cellHeight - height), y)
}

function onKey(
  event: KeyboardEvent,
  { row, column }: GridProps['active'],
  { rows, columns }: Pivot,
  move: (row: number, column: number) => void,
  choose: (row: number, column: number) => void,
): void {
  const page = 15
  const whole = event.ctrlKey || event.metaKey
  const steps: Readonly<Record<string, () => void>> = {
    ArrowRight: () => move(row, column + 1),
    ArrowLeft: () => move(row, column - 1),
    ArrowDown: () => move(row + 1, column),
    ArrowUp: () => move(row - 1, column),
    PageDown: () => move(row + page, column),
    PageUp: () => move(row - page, column),
    Home: () => move(whole ? 0 : row, 0),
    End: () => move(whole ? rows.length - 1 : row, columns.length - 1),
    Enter: () => choose(row, column),
    ' ': () => choose(row, column),
  }
  const step = steps[event.key]
  if (!step) return
  event.preventDefault()
  step()
}

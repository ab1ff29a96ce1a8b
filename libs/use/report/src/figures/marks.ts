import { element, short, textAt, widthOf } from './svg.ts'
import type { Scale } from './scale.ts'

/**
 * The colours of Okabe and Ito (2008), which people with any colour vision tell apart. Every colour comes with a shape
 * of its own, so that a figure can be read without any.
 */
const styles = [
  { colour: '#0072b2', shape: 'circle' },
  { colour: '#d55e00', shape: 'square' },
  { colour: '#009e73', shape: 'triangle' },
  { colour: '#b0608a', shape: 'diamond' },
  { colour: '#000000', shape: 'cross' },
] as const

export type MarkStyle = (typeof styles)[number]

/** The style of the i-th of a few groups. */
export function styleOf(i: number): MarkStyle {
  return styles[i % styles.length]!
}

/** Pixels from the centre of a mark to its ends. */
const radius = 4.5

/** A mark centred at a point. */
export function mark(x: number, y: number, { colour, shape }: MarkStyle): string {
  const paint = { fill: colour, stroke: '#fff', 'stroke-width': 0.8 }
  const [r, path] = [radius, (d: string) => element('path', { d, ...paint })]
  const p = (dx: number, dy: number) => `${short(x + dx)} ${short(y + dy)}`
  switch (shape) {
    case 'circle':
      return element('circle', { cx: x, cy: y, r, ...paint })
    case 'square':
      return element('rect', { x: x - r * 0.9, y: y - r * 0.9, width: r * 1.8, height: r * 1.8, ...paint })
    case 'triangle':
      return path(`M${p(0, -r * 1.1)}L${p(r, r * 0.8)}L${p(-r, r * 0.8)}Z`)
    case 'diamond':
      return path(`M${p(0, -r * 1.2)}L${p(r, 0)}L${p(0, r * 1.2)}L${p(-r, 0)}Z`)
    case 'cross':
      return element('path', {
        d: `M${p(-r, -r)}L${p(r, r)}M${p(-r, r)}L${p(r, -r)}`,
        stroke: colour,
        'stroke-width': 2,
        fill: 'none',
      })
  }
}

/** The groups of a figure with their marks, in a row. */
export function legend(x: number, y: number, names: readonly string[]): string {
  let at = x
  return names
    .map((name, i) => {
      const drawn = mark(at + 5, y - 4, styleOf(i)) + textAt(at + 14, y, name, 'start')
      at += 30 + widthOf(name)
      return drawn
    })
    .join('')
}

/** A horizontal axis at `y` with its name and grid lines up to `top`. */
export function horizontalAxis({ at, ticks }: Scale, y: number, top: number, name: string): string {
  const middle = (at(ticks[0]!) + at(ticks.at(-1)!)) / 2
  const lines = ticks.map(
    (tick) =>
      element('line', { x1: at(tick), x2: at(tick), y1: top, y2: y, stroke: '#ddd' }) +
      textAt(at(tick), y + 16, String(tick), 'middle'),
  )
  return lines.join('') + textAt(middle, y + 34, name, 'middle', { 'font-weight': 'bold' })
}

/** A vertical axis at `x` with its name and grid lines to `right`. */
export function verticalAxis({ at, ticks }: Scale, x: number, right: number, name: string): string {
  const middle = (at(ticks[0]!) + at(ticks.at(-1)!)) / 2
  const lines = ticks.map(
    (tick) =>
      element('line', { x1: x, x2: right, y1: at(tick), y2: at(tick), stroke: '#ddd' }) +
      textAt(x - 6, at(tick) + 4, String(tick), 'end'),
  )
  const turned = `rotate(-90 ${short(x - 60)} ${short(middle)})`
  return lines.join('') + textAt(x - 60, middle, name, 'middle', { 'font-weight': 'bold', transform: turned })
}

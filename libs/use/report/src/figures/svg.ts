import { escapeText } from '../html/escape.ts'

/** A vector figure with what a reader who does not see it is told. */
export interface Figure {
  readonly id: string
  readonly title: string
  /** What it shows, in a sentence or two. */
  readonly description: string
  readonly svg: string
}

type Attributes = Readonly<Record<string, string | number>>

/** An element of SVG; `content` is markup already. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? short(value) : escapeText(value)}"`,
  )
  return `<${name}${written.join('')}${content === '' ? '/>' : `>${content}</${name}>`}`
}

/** A text at a point; `anchor` is where the point lies in it. */
export function textAt(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end', more: Attributes = {}) {
  return element('text', { x, y, 'text-anchor': anchor, ...more }, escapeText(text))
}

/** Pixels to a tenth: enough for the eye, and short. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** A whole figure from its parts. */
export function figureOf(
  { id, title, description }: Omit<Figure, 'svg'>,
  { width, height }: { readonly width: number; readonly height: number },
  parts: readonly string[],
): Figure {
  const names = `<title id="${id}-title">${escapeText(title)}</title><desc id="${id}-desc">${escapeText(description)}</desc>`
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${Math.ceil(height)}`,
      width,
      height: Math.ceil(height),
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-desc`,
    },
    names + parts.join(''),
  )
  return { id, title, description, svg }
}

/** How wide a text is drawn, about: 12 px sans-serif. */
export function widthOf(text: string): number {
  return text.length * 6.6
}

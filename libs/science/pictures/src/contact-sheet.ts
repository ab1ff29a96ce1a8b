import { advance, drawText, letterHeight } from './pixel-font.ts'
import type { Picture } from './png.ts'

/** One image of a sheet with the two lines of text under it. */
export interface Tile {
  /** [side, side, 3] in [0, 1]. */
  readonly pixels: Float32Array
  readonly side: number
  readonly title: string
  readonly verdict: string
  /** Whether the prediction is right; null where there is none. */
  readonly isRight: boolean | null
}

type Colour = readonly [number, number, number]

const [tileSide, gap, textScale] = [136, 8, 2]
const lineHeight = (letterHeight + 2) * textScale
const [paper, ink, green, red]: Colour[] = [
  [255, 255, 255],
  [40, 40, 40],
  [0, 128, 60],
  [200, 30, 30],
]

/** Draws rows of tiles. Every image is enlarged or reduced to one size by its nearest pixels. */
export function contactSheet(rows: readonly (readonly Tile[])[]): Picture {
  const columns = Math.max(...rows.map((row) => row.length))
  const rowHeight = tileSide + 2 * lineHeight + gap
  const [width, height] = [gap + columns * (tileSide + gap), gap + rows.length * rowHeight]
  const data = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) data.set(paper!, 3 * i)
  const picture = { width, height, data }
  rows.forEach((row, y) =>
    row.forEach((tile, x) => drawTile(picture, tile, gap + x * (tileSide + gap), gap + y * rowHeight)),
  )
  return picture
}

function drawTile(picture: Picture, { pixels, side, title, verdict, isRight }: Tile, left: number, top: number): void {
  for (let y = 0; y < tileSide; y++) {
    for (let x = 0; x < tileSide; x++) {
      const from = (Math.floor((y * side) / tileSide) * side + Math.floor((x * side) / tileSide)) * 3
      const level = (channel: number) => Math.round(Math.min(Math.max(pixels[from + channel]!, 0), 1) * 255)
      paint(picture, left + x, top + y, [level(0), level(1), level(2)])
    }
  }
  write(picture, title, left, top + tileSide + textScale, ink!)
  write(
    picture,
    verdict,
    left,
    top + tileSide + textScale + lineHeight,
    isRight === null ? ink! : isRight ? green! : red!,
  )
}

/** Writes as much of the text as fits under a tile. */
function write(picture: Picture, text: string, left: number, top: number, colour: Colour): void {
  drawText(text.slice(0, Math.floor(tileSide / (advance * textScale))), (x, y) => {
    for (let dy = 0; dy < textScale; dy++)
      for (let dx = 0; dx < textScale; dx++) paint(picture, left + x * textScale + dx, top + y * textScale + dy, colour)
  })
}

function paint({ width, data }: Picture, x: number, y: number, colour: Colour): void {
  data.set(colour, (y * width + x) * 3)
}

/** The difference, scaled so that its largest coordinate fills the range; grey is 0. */
export function differenceTile(clean: Float32Array, perturbed: Float32Array, side: number): Tile {
  const offset = perturbed.map((value, i) => value - clean[i]!)
  const largest = offset.reduce((size, value) => Math.max(size, Math.abs(value)), 0)
  const factor = largest > 0 ? 0.5 / largest : 0
  const pixels = offset.map((value) => 0.5 + factor * value)
  const verdict = largest > 0 ? `times ${factor.toFixed(factor < 10 ? 1 : 0)}` : 'none'
  return { pixels, side, title: 'difference', verdict, isRight: null }
}

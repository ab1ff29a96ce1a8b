import { imagePixels } from './image-pixels.ts'

/** How an image is moved: mirrored left to right, and then rotated counter-clockwise about its centre. */
export interface Movement {
  readonly flip: boolean
  readonly degrees: number
}

/**
 * Writes a moved image, with a value for each level, as torchvision's `hflip` and `rotate` move a PIL image by default:
 * each pixel is that nearest to its source, and 0 where that lies outside. Results equal Pillow 10's to the bit, whose
 * coordinates have 16 fractional bits (`Image.rotate`; src/libImaging/Geometry.c, `affine_fixed`). image: [side, side,
 * 3], a byte a channel; values: [256]; into: [side, side, 3].
 */
export function movePixels(
  image: Uint8Array,
  side: number,
  { flip, degrees }: Movement,
  values: Float32Array,
  into: Float32Array,
): void {
  const { startX, startY, cosine, sine } = turnOf(side, degrees)
  const corner = [startX + cosine * 0.5 + sine * 0.5, startY - sine * 0.5 + cosine * 0.5]
  const turn = Float64Array.from([...corner, cosine, -sine, sine, cosine], fixed)
  imagePixels().movePixels(image, side, flip ? 1 : 0, turn, values, into)
}

/** Where the source of the corner lies, and the sides of the turn, rounded as Pillow rounds them. */
function turnOf(side: number, degrees: number) {
  const angle = (-(((degrees % 360) + 360) % 360) * Math.PI) / 180
  const [cosine, sine] = [Number(Math.cos(angle).toFixed(15)), Number(Math.sin(angle).toFixed(15))]
  const center = side / 2
  const startX = cosine * -center + sine * -center + center
  const startY = -sine * -center + cosine * -center + center
  return { startX, startY, cosine, sine }
}

/** A number with 16 fractional bits. */
function fixed(value: number): number {
  return Math.floor(value * 65_536 + 0.5)
}

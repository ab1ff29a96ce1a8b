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
  values: ArrayLike<number>,
  into: Float32Array | Uint8Array,
): void {
  const { startX, startY, cosine, sine } = turnOf(side, degrees)
  const [a, b] = [fixed(cosine), fixed(sine)]
  const [d, e] = [fixed(-sine), fixed(cosine)]
  let rowX = fixed(startX + cosine * 0.5 + sine * 0.5)
  let rowY = fixed(startY - sine * 0.5 + cosine * 0.5)
  for (let y = 0, to = 0; y < side; y++, rowX += b, rowY += e) {
    for (let x = 0, atX = rowX, atY = rowY; x < side; x++, atX += a, atY += d, to += 3) {
      const fromX = atX >> 16
      const fromY = atY >> 16
      if (fromX < 0 || fromX >= side || fromY < 0 || fromY >= side) {
        into[to] = into[to + 1] = into[to + 2] = 0
        continue
      }
      const from = 3 * (fromY * side + (flip ? side - 1 - fromX : fromX))
      into[to] = values[image[from]!]!
      into[to + 1] = values[image[from + 1]!]!
      into[to + 2] = values[image[from + 2]!]!
    }
  }
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

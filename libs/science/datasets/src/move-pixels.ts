/** Mirrors an image left to right, in place. image: [side, side, 3]. */
export function flipRows(image: Uint8Array, side: number): void {
  for (let y = 0; y < side; y++) {
    for (let left = 3 * y * side, right = left + 3 * (side - 1); left < right; left += 3, right -= 3) {
      for (let channel = 0; channel < 3; channel++) {
        const kept = image[left + channel]!
        image[left + channel] = image[right + channel]!
        image[right + channel] = kept
      }
    }
  }
}

/**
 * Rotates an image counter-clockwise about its centre, in place, as torchvision's `rotate` does a PIL image by default:
 * each pixel is that nearest to its source, and black where that lies outside. Results equal Pillow 10's to the bit, whose
 * coordinates have 16 fractional bits (`Image.rotate`; src/libImaging/Geometry.c, `affine_fixed`). image: [side, side, 3].
 */
export function rotateNearest(image: Uint8Array, side: number, degrees: number): void {
  const turned = ((degrees % 360) + 360) % 360
  if (turned === 0) return
  const original = image.slice()
  const angle = (-turned * Math.PI) / 180
  const [cosine, sine] = [Number(Math.cos(angle).toFixed(15)), Number(Math.sin(angle).toFixed(15))]
  const center = side / 2
  const startX = cosine * -center + sine * -center + center
  const startY = -sine * -center + cosine * -center + center
  const [a, b] = [fixed(cosine), fixed(sine)]
  const [d, e] = [fixed(-sine), fixed(cosine)]
  let rowX = fixed(startX + cosine * 0.5 + sine * 0.5)
  let rowY = fixed(startY - sine * 0.5 + cosine * 0.5)
  for (let y = 0, to = 0; y < side; y++, rowX += b, rowY += e) {
    for (let x = 0, atX = rowX, atY = rowY; x < side; x++, atX += a, atY += d, to += 3) {
      const [fromX, fromY] = [atX >> 16, atY >> 16]
      const isInside = fromX >= 0 && fromX < side && fromY >= 0 && fromY < side
      const from = 3 * (fromY * side + fromX)
      image[to] = isInside ? original[from]! : 0
      image[to + 1] = isInside ? original[from + 1]! : 0
      image[to + 2] = isInside ? original[from + 2]! : 0
    }
  }
}

/** A number with 16 fractional bits. */
function fixed(value: number): number {
  return Math.floor(value * 65_536 + 0.5)
}

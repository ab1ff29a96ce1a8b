/** Mirrors an image left to right, in place. image: [side, side, 3]. */
export function flipRows(image: Float32Array, side: number): void {
  for (let y = 0; y < side; y++) {
    for (let left = 0, right = side - 1; left < right; left++, right--) {
      for (let channel = 0; channel < 3; channel++) {
        const a = 3 * (y * side + left) + channel
        const b = 3 * (y * side + right) + channel
        ;[image[a], image[b]] = [image[b]!, image[a]!]
      }
    }
  }
}

/**
 * Rotates an image counter-clockwise about its centre, in place. Each pixel is that nearest to its source, and black
 * where that lies outside, as by torchvision's `rotate` by default. image: [side, side, 3].
 */
export function rotateNearest(image: Float32Array, side: number, degrees: number): void {
  const original = image.slice()
  const cosine = Math.cos((degrees * Math.PI) / 180)
  const sine = Math.sin((degrees * Math.PI) / 180)
  const center = (side - 1) / 2
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const fromX = Math.round(cosine * (x - center) - sine * (y - center) + center)
      const fromY = Math.round(sine * (x - center) + cosine * (y - center) + center)
      const inside = fromX >= 0 && fromX < side && fromY >= 0 && fromY < side
      const to = 3 * (y * side + x)
      const from = 3 * (fromY * side + fromX)
      for (let channel = 0; channel < 3; channel++) image[to + channel] = inside ? original[from + channel]! : 0
    }
  }
}

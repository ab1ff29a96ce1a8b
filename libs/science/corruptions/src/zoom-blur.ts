import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import type { Severity } from './portfolio.ts'
import { truncatedImage, unitValues } from './unit-values.ts'
import { cropGrid, zoomGrid } from './zoom-grid.ts'

/** The magnifications start at 1; these are their end, which is left out, and their step. */
const zooms = { 1: [1.11, 0.01], 2: [1.16, 0.01], 3: [1.21, 0.02], 4: [1.26, 0.02], 5: [1.31, 0.03] } as const

/** The mean of the image and its magnifications, as by a camera that moves towards the scene. */
export function zoomBlur(image: Rgb8Image, severity: Severity): Rgb8Image {
  const [end, step] = zooms[severity]
  const { width, height } = image
  const values = unitValues(image)
  const sum = values.slice()
  // As by np.arange, the rounding of (end − 1) / step decides how many there are.
  const count = Math.ceil((end - 1) / step)
  for (let i = 0; i < count; i++) {
    const zoomed = cropGrid(zoomGrid({ values, width, height, channels: 3 }, 1 + i * step), width, height)
    for (let j = 0; j < sum.length; j++) sum[j]! += zoomed[j]!
  }
  return truncatedImage(
    sum.map((value) => value / (count + 1)),
    image,
  )
}

import { backboneFor } from '@gauntlet/backbones'
import { uniform } from '@gauntlet/engine'
import { elementCount, type NamedArray } from '@gauntlet/weights'

/** The backbone that probes are tested with: it computes with small images. */
export const backbone = 'efficientnet_lite0.ra_in1k'

/** Side of the images, in pixels. */
export const side = 32

/** Random weights of the backbone with a head of so many classes. */
export function weightsWith(classes: number): NamedArray[] {
  return backboneFor(backbone)
    .specifications(classes)
    .map(({ name, shape, kind }) => {
      if (kind === 'counter') return { name, shape, dtype: 'int64', data: BigInt64Array.of(0n) }
      const isVector = shape.length === 1
      const centre = isVector && /running_var|weight$/.test(name) ? 1 : 0
      const spread = isVector ? 0.3 : Math.sqrt(6 / elementCount(shape.slice(1)))
      const data = uniform({ seed: 1, purpose: name }, elementCount(shape)).map((u) => centre + (2 * u - 1) * spread)
      return { name, shape, dtype: 'float32', data }
    })
}

/** Three images, [3, side, side, 3], whose pixels lie well inside [0, 1]. */
export function imagesArray(): NamedArray {
  const shape = [3, side, side, 3]
  const data = uniform({ seed: 1, purpose: 'images' }, elementCount(shape)).map((u) => 0.1 + 0.8 * u)
  return { name: 'images', dtype: 'float32', shape, data }
}

/** The images with one element replaced. */
export function withPixel(images: NamedArray, index: number, value: number): NamedArray {
  return { ...images, data: (images.data as Float32Array).map((x, i) => (i === index ? value : x)) }
}

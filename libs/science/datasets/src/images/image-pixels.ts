import { bindingAddition } from '@gauntlet/engine/binding-addition'

/** The source pixels of each output pixel, one after another. */
export type Windows = [
  /** The first source pixel of each output pixel. */
  first: Int32Array,
  /** Where the weights of each output pixel begin, and where those of the last end. */
  starts: Int32Array,
  /** In fixed point. Those of one output pixel add up to about 2²². */
  weights: Int32Array,
]

/** The loops over pixels, which set-up compiles (infra/binding/image-pixels.cc). Arrays that do not fit are refused. */
interface ImagePixels {
  resizeSquare(
    from: Uint8Array,
    width: number,
    height: number,
    side: number,
    ...windows: [...columns: Windows, ...rows: Windows, into: Uint8Array]
  ): void
  sumOfGreys(image: Uint8Array, levels: Uint8Array): number
  scaleSaturation(image: Uint8Array, levels: Uint8Array, factor: number): void
  movePixels(
    image: Uint8Array,
    side: number,
    flip: 0 | 1,
    turn: Float64Array,
    values: Float32Array,
    into: Float32Array,
  ): void
}

let loaded: ImagePixels | undefined

/** Loads the library at its first use, so that code which reads no pixels does without. */
export function imagePixels(): ImagePixels {
  return (loaded ??= bindingAddition<ImagePixels>('image_pixels'))
}

import { poolAverage, poolGlobally, poolMaximum, tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'

/** The options of a square window, in pixels. */
export interface PoolingOptions {
  readonly kernel: number
  readonly stride: number
  /** The padding on each side; none by default. */
  readonly padding?: number
}

/** The mean over all positions. x: [batch, height, width, channels]; [batch, channels] out. */
export function globalAveragePool(x: Tensor4D): Tensor2D {
  return poolGlobally(x)
}

/** `torch.nn.MaxPool2d`, where padding is never the maximum. x: [batch, height, width, channels]. */
export function maxPool2d(x: Tensor4D, { kernel, stride, padding = 0 }: PoolingOptions): Tensor4D {
  return poolMaximum(x, { kernel, stride, padding })
}

/** `torch.nn.AvgPool2d`, where padded zeros count (`count_include_pad`). x: [batch, height, width, channels]. */
export function averagePool2d(x: Tensor4D, { kernel, stride, padding = 0 }: PoolingOptions): Tensor4D {
  const sides: [number, number] = [padding, padding]
  const padded = padding === 0 ? x : tf.pad(x, [[0, 0], sides, sides, [0, 0]])
  return poolAverage(padded, { kernel, stride })
}

import { poolAverage, poolGlobally, poolMaximum, tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'

/** Of a square window. */
export interface PoolingOptions {
  readonly kernel: number
  readonly stride: number
  /** On each side; none unless told otherwise. */
  readonly padding?: number
}

/** Mean over positions. x: [batch, height, width, channels]; [batch, channels] out. */
export function globalAveragePool(x: Tensor4D): Tensor2D {
  return poolGlobally(x)
}

/** `torch.nn.MaxPool2d`: what is padded is never the maximum. x: [batch, height, width, channels]. */
export function maxPool2d(x: Tensor4D, { kernel, stride, padding = 0 }: PoolingOptions): Tensor4D {
  return poolMaximum(x, { kernel, stride, padding })
}

/** `torch.nn.AvgPool2d`: the zeros that are padded count (`count_include_pad`). x: [batch, height, width, channels]. */
export function averagePool2d(x: Tensor4D, { kernel, stride, padding = 0 }: PoolingOptions): Tensor4D {
  const sides: [number, number] = [padding, padding]
  const padded = padding === 0 ? x : tf.pad(x, [[0, 0], sides, sides, [0, 0]])
  return poolAverage(padded, { kernel, stride })
}

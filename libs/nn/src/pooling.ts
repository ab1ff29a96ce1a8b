import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'

/** Of a square window. */
export interface PoolingOptions {
  readonly kernel: number
  readonly stride: number
  /** On each side. */
  readonly padding: number
}

/** Mean over positions. x: [batch, height, width, channels]; [batch, channels] out. */
export function globalAveragePool(x: Tensor4D): Tensor2D {
  return tf.mean(x, [1, 2])
}

/** `torch.nn.MaxPool2d`: what is padded never is the maximum. x: [batch, height, width, channels]. */
export function maxPool2d(x: Tensor4D, { kernel, stride, padding }: PoolingOptions): Tensor4D {
  return tf.maxPool(padded(x, padding, -Infinity), kernel, stride, 'valid')
}

/** `torch.nn.AvgPool2d`: zeros that are padded count (`count_include_pad`). x: [batch, height, width, channels]. */
export function averagePool2d(
  x: Tensor4D,
  { kernel, stride, padding = 0 }: Omit<PoolingOptions, 'padding'> & { readonly padding?: number },
): Tensor4D {
  return tf.avgPool(padded(x, padding, 0), kernel, stride, 'valid')
}

function padded(x: Tensor4D, padding: number, value: number): Tensor4D {
  if (padding === 0) return x
  const sides: [number, number] = [padding, padding]
  return tf.pad(x, [[0, 0], sides, sides, [0, 0]], value)
}

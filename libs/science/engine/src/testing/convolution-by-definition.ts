import type { ConvolutionGeometry } from '../kernels/convolution.ts'

/** A convolution to compute by its definition in float64. */
export interface ConvolutionCase {
  /** [batch, height, width, channels] */
  readonly xShape: readonly [number, number, number, number]
  /** [height, width, in / groups, out], or [height, width, channels, 1] if depthwise. */
  readonly filterShape: readonly [number, number, number, number]
  readonly geometry: ConvolutionGeometry
  readonly depthwise: boolean
}

export function outputShape({
  xShape,
  filterShape,
  geometry,
  depthwise,
}: ConvolutionCase): [number, number, number, number] {
  const [batch, height, width, channels] = xShape
  const { top, bottom, left, right } = geometry.padding
  const size = (padded: number, kernel: number) => Math.floor((padded - kernel) / geometry.stride) + 1
  return [
    batch,
    size(height + top + bottom, filterShape[0]),
    size(width + left + right, filterShape[1]),
    depthwise ? channels : filterShape[3],
  ]
}

/** The output, the gradient of x and the gradient of the filter, where `gradient` is that of the output. */
export function convolutionByDefinition(
  given: ConvolutionCase,
  x: ArrayLike<number>,
  filter: ArrayLike<number>,
  gradient: ArrayLike<number>,
) {
  const y = new Float64Array(gradient.length)
  const ofX = new Float64Array(x.length)
  const ofFilter = new Float64Array(filter.length)
  for (const [output, input, weight] of products(given)) {
    y[output]! += x[input]! * filter[weight]!
    ofX[input]! += gradient[output]! * filter[weight]!
    ofFilter[weight]! += gradient[output]! * x[input]!
  }
  return { y, ofX, ofFilter }
}

/** Gives [index in y, index in x, index in the filter] of every product that the definition sums. */
function* products(given: ConvolutionCase): Generator<[number, number, number]> {
  const { xShape, filterShape, geometry, depthwise } = given
  const yShape = outputShape(given)
  const [kernelHeight, kernelWidth, inputs, outputs] = filterShape
  for (const [image, row, column, channel] of indices(yShape)) {
    for (const [i, j, input] of indices([kernelHeight, kernelWidth, depthwise ? 1 : inputs, 1])) {
      const y = row * geometry.stride + i - geometry.padding.top
      const x = column * geometry.stride + j - geometry.padding.left
      if (y < 0 || x < 0 || y >= xShape[1] || x >= xShape[2]) continue
      const group = Math.floor((channel * xShape[3]) / (inputs * outputs))
      const from = depthwise ? channel : group * inputs + input
      const to = depthwise ? 0 : channel
      yield [
        flat(yShape, image, row, column, channel),
        flat(xShape, image, y, x, from),
        flat([kernelHeight, kernelWidth, inputs, outputs], i, j, depthwise ? channel : input, to),
      ]
    }
  }
}

function* indices([a, b, c, d]: readonly [number, number, number, number]): Generator<
  [number, number, number, number]
> {
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) for (let l = 0; l < d; l++) yield [i, j, k, l]
}

function flat(
  [, b, c, d]: readonly [number, number, number, number],
  i: number,
  j: number,
  k: number,
  l: number,
): number {
  return ((i * b + j) * c + k) * d + l
}

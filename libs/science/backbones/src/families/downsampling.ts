import type { Tensor4D } from '@gauntlet/engine'
import { conv2d, layerNorm, type Parameters, type ParameterSpecification } from '@gauntlet/nn'
import { biasSpecification, convolutionSpecification, layerNormSpecification } from '../specifications.ts'

/**
 * The layer between two stages of ConvNeXt and EdgeNeXt: layer norm, then a 2×2 convolution with stride 2
 * (arXiv:2201.03545, section 2.6). x: [batch, side, side, width]; [batch, side / 2, side / 2, next width] out.
 */
export function downsample(x: Tensor4D, parameters: Parameters): Tensor4D {
  return conv2d(layerNorm(x, parameters.at('0'), { epsilon: 1e-6 }), parameters.at('1'), { stride: 2, padding: 0 })
}

export function downsampleSpecification(name: string, input: number, output: number): ParameterSpecification[] {
  return [
    ...layerNormSpecification(`${name}.0`, input),
    convolutionSpecification(`${name}.1`, output, input, 2),
    biasSpecification(`${name}.1`, output),
  ]
}

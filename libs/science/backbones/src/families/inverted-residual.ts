import type { ParameterSpecification } from '@gauntlet/nn'
import { batchNormSpecification, convolutionSpecification, depthwiseSpecification } from '../specifications.ts'

/**
 * An inverted residual with `middle` channels between `input` and `output` (MobileNetV2, arXiv:1801.04381, fig. 4d).
 */
export interface InvertedResidualShape {
  readonly name: string
  readonly input: number
  readonly middle: number
  readonly output: number
  readonly kernel: number
}

/**
 * timm's names for the modules of an inverted residual. It calls the 1×1 convolution after the depthwise one `conv_pw`
 * where the block has no expansion before it (`DepthwiseSeparableConv`), else `conv_pwl` (`InvertedResidual`).
 */
export function invertedResidualNames({ input, middle }: Pick<InvertedResidualShape, 'input' | 'middle'>) {
  return middle === input
    ? { expand: undefined, depthwiseNorm: 'bn1', project: 'conv_pw', projectNorm: 'bn2' }
    : { expand: 'conv_pw', depthwiseNorm: 'bn2', project: 'conv_pwl', projectNorm: 'bn3' }
}

/**
 * The tensors of an inverted residual in timm's order. `beforeProjection`: those of a layer before its last
 * convolution.
 */
export function invertedResidualSpecification(
  block: InvertedResidualShape,
  beforeProjection: readonly ParameterSpecification[] = [],
): ParameterSpecification[] {
  const { name, input, middle, output, kernel } = block
  const names = invertedResidualNames(block)
  const at = (module: string) => `${name}.${module}`
  return [
    ...(names.expand
      ? [convolutionSpecification(at(names.expand), middle, input, 1), ...batchNormSpecification(at('bn1'), middle)]
      : []),
    depthwiseSpecification(at('conv_dw'), middle, kernel),
    ...batchNormSpecification(at(names.depthwiseNorm), middle),
    ...beforeProjection,
    convolutionSpecification(at(names.project), output, middle, 1),
    ...batchNormSpecification(at(names.projectNorm), output),
  ]
}

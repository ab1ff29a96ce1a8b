import type { ParameterSpecification } from '@gauntlet/nn'

/** A convolution without bias. */
export function convolutionSpecification(
  name: string,
  output: number,
  input: number,
  kernel: number,
): ParameterSpecification {
  return {
    name: `${name}.weight`,
    shape: [output, input, kernel, kernel],
    kind: 'convolution',
    trainable: true,
    decayed: true,
  }
}

/** A depthwise convolution without bias. */
export function depthwiseSpecification(name: string, channels: number, kernel: number): ParameterSpecification {
  return {
    name: `${name}.weight`,
    shape: [channels, 1, kernel, kernel],
    kind: 'depthwise',
    trainable: true,
    decayed: true,
  }
}

/** The parameters and buffers of a batch norm. */
export function batchNormSpecification(name: string, channels: number): ParameterSpecification[] {
  const plain = (part: string, trainable: boolean) =>
    ({ name: `${name}.${part}`, shape: [channels], kind: 'plain', trainable, decayed: false }) as const
  return [
    plain('weight', true),
    plain('bias', true),
    plain('running_mean', false),
    plain('running_var', false),
    { name: `${name}.num_batches_tracked`, shape: [], kind: 'counter', trainable: false, decayed: false },
  ]
}

/** A linear layer with bias. */
export function linearSpecification(name: string, output: number, input: number): ParameterSpecification[] {
  return [
    { name: `${name}.weight`, shape: [output, input], kind: 'linear', trainable: true, decayed: true },
    { name: `${name}.bias`, shape: [output], kind: 'plain', trainable: true, decayed: false },
  ]
}

/** The bias of the module `name`. */
export function biasSpecification(name: string, channels: number): ParameterSpecification {
  return learnedSpecification(`${name}.bias`, [channels])
}

/** The parameters of a layer norm. */
export function layerNormSpecification(name: string, channels: number): ParameterSpecification[] {
  return [learnedSpecification(`${name}.weight`, [channels]), biasSpecification(name, channels)]
}

/** A parameter with the same layout in tfjs and PyTorch, which is not decayed: a bias, or one of a norm. */
export function learnedSpecification(name: string, shape: readonly number[]): ParameterSpecification {
  return { name, shape, kind: 'plain', trainable: true, decayed: false }
}

/**
 * A parameter with the same layout in tfjs and PyTorch, which is decayed: class tokens, position embeddings, layer
 * scales, temperatures. timm exempts most of these from decay; the study's authors decay all that is not called a bias
 * or a norm.
 */
export function decayedSpecification(name: string, shape: readonly number[]): ParameterSpecification {
  return { ...learnedSpecification(name, shape), decayed: true }
}

import { tf, type Tensor, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { foldablePairs, foldBatchNorms, Parameters } from '@gauntlet/nn'

/** Named tensors of a model. */
export type NamedParameters = Readonly<Record<string, Tensor>>

/**
 * A model with its large weights as an argument, so that captured programs keep them as state and not as constants. It
 * must be capturable: no host reads, no random numbers of its own.
 */
export interface Network {
  readonly parameters: NamedParameters
  logits(images: Tensor4D, parameters: NamedParameters): Tensor2D
}

/**
 * How far folded logits may be from the others, over the largest of these. Above rounding, which folding a MobileNetV3
 * of random weights moves by 3e-4, and a change in the last bit of every weight by 7e-4; far below what leaving a norm
 * out does.
 */
const foldingTolerance = 1e-3

/**
 * The model as an attack searches on it: batch norms folded into the convolutions before them. The logits of `images`
 * are compared once, and where they differ nothing is folded, whatever `foldablePairs` may have missed. Vectors are
 * constants of the model: TensorFlow computes with them beforehand, and joins more operators (test/benchmarks/LOG.md).
 * The parameters stay the caller's; what folding made, `dispose` frees.
 */
export function frozenNetwork(
  model: (images: Tensor4D, parameters: Parameters) => Tensor2D,
  parameters: Parameters,
  images: Tensor4D,
): Network & { readonly isFolded: boolean; dispose(): void } {
  const folded = foldBatchNorms(
    parameters,
    foldablePairs((image) => model(image, parameters), images),
  )
  const own = new Set([...parameters.entries()].map(([, tensor]) => tensor))
  const made = [...folded.entries()].map(([, tensor]) => tensor).filter((tensor) => !own.has(tensor))
  const isFolded = made.length > 0 && tf.tidy(() => agree(model(images, parameters), model(images, folded)))
  if (!isFolded) tf.dispose(made)
  const frozen = [...(isFolded ? folded : parameters).entries()]
  const constants = frozen.filter(([, { rank }]) => rank <= 1)
  return {
    parameters: Object.fromEntries(frozen.filter(([, { rank }]) => rank > 1)),
    logits: (points, named) => model(points, Parameters.of([...constants, ...Object.entries(named)])),
    isFolded,
    dispose: () => void (isFolded && tf.dispose(made)),
  }
}

function agree(expected: Tensor2D, actual: Tensor2D): boolean {
  const largest = expected.abs().max()
  return actual.sub(expected).abs().max().lessEqual(largest.mul(foldingTolerance)).dataSync()[0] === 1
}

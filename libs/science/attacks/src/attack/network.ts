import { tf, type Tensor, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { foldablePairs, foldBatchNorms, Parameters } from '@gauntlet/nn'

/** A model's tensors by their names. */
export type NamedParameters = Readonly<Record<string, Tensor>>

/**
 * A model with its large weights as an argument, so that captured programs hold them as state and not as constants. It
 * must be capturable: it may read nothing to the host and draw no random numbers.
 */
export interface Network {
  readonly parameters: NamedParameters
  logits(images: Tensor4D, parameters: NamedParameters): Tensor2D
}

/**
 * Largest difference between folded logits and the model's own, over the largest of these. It is above rounding:
 * folding a MobileNetV3 of random weights moves its logits by 3e-4, and changing the last bit of every weight by 7e-4.
 * It is far below what a wrong fold does.
 */
const foldingTolerance = 1e-3

/**
 * The model as attacks search on it, with batch norms folded into the convolutions before them. The logits of `images`
 * are compared once, and nothing is folded where they differ, in case `foldablePairs` missed something. Vectors become
 * constants of the model, since TensorFlow computes with them beforehand and joins more operators
 * (test/benchmarks/LOG.md). The parameters stay the caller's; `dispose` frees what folding made.
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

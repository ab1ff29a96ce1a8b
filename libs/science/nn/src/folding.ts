import { readsDuring, tf, type Tensor, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { Parameters } from './parameters.ts'

/** A convolution and the batch norm that reads its output. */
export interface FoldablePair {
  /** The names of the two modules. */
  readonly convolution: string
  readonly norm: string
  readonly epsilon: number
  /**
   * The axis of the output channels in the convolution's weight: the last one, or the third of a depthwise weight
   * [height, width, channels, 1].
   */
  readonly outputAxis: number
}

/** Each run of a convolution, with its output, and of a batch norm, with its input, while pairs are searched. */
interface Runs {
  readonly convolutions: { readonly name: string; readonly y: Tensor; readonly outputAxis: number }[]
  readonly norms: { readonly name: string; readonly x: Tensor; readonly epsilon: number }[]
}

let listener: Runs | undefined

/** Called by convolutions. */
export function noteConvolution(y: Tensor, parameters: Parameters, outputAxis: number): void {
  listener?.convolutions.push({ name: moduleOf(parameters), y, outputAxis })
}

/** Called by batch norms in evaluation. */
export function noteNorm(x: Tensor, parameters: Parameters, epsilon: number): void {
  listener?.norms.push({ name: moduleOf(parameters), x, epsilon })
}

/**
 * The convolutions of a model whose output is read by a batch norm and by nothing else. They are found by an evaluation
 * of the first image: of one, since a batch may be computed in parts, each of which runs every module. Modules that run
 * more than once are left out.
 */
export function foldablePairs(evaluate: (image: Tensor4D) => Tensor, images: Tensor4D): FoldablePair[] {
  const { convolutions, norms }: Runs = (listener = { convolutions: [], norms: [] })
  let reads: ReadonlyMap<object, number>
  try {
    tf.tidy(() => void (reads = readsDuring(() => evaluate(images.slice([0], [1])))))
  } finally {
    listener = undefined
  }
  const runsOnce = (runs: readonly { name: string }[], name: string) =>
    runs.filter((run) => run.name === name).length === 1
  const isReadOnce = ({ dataId }: Tensor) => reads.get(dataId) === 1
  return norms.flatMap(({ name: norm, x, epsilon }) => {
    const before = convolutions.find(({ y }) => y === x)
    if (!before || !runsOnce(norms, norm) || !runsOnce(convolutions, before.name) || !isReadOnce(x)) return []
    return [{ convolution: before.name, norm, epsilon, outputAxis: before.outputAxis }]
  })
}

/**
 * Parameters of the model for evaluation only, with batch norms folded into the convolutions before them: w γ / √(σ² +
 * ε) is the weight, β + (b − μ) γ / √(σ² + ε) the bias. `batchNorm` then gives its input. The caller disposes of the
 * new tensors.
 */
export function foldBatchNorms(parameters: Parameters, pairs: readonly FoldablePair[]): Parameters {
  const tensors = new Map(parameters.entries())
  for (const { convolution, norm, epsilon, outputAxis } of pairs) {
    const at = (name: string) => tensors.get(`${norm}.${name}`) as Tensor1D
    const [weight, bias] = [tensors.get(`${convolution}.weight`)!, tensors.get(`${convolution}.bias`)]
    const [folded, offset] = tf.tidy(() => {
      const factor = at('weight').mul<Tensor1D>(at('running_var').add(epsilon).rsqrt())
      const mean = bias ? at('running_mean').sub(bias) : at('running_mean')
      const shape = weight.shape.map((_, axis) => (axis === outputAxis ? factor.size : 1))
      return [weight.mul(factor.reshape(shape)), at('bias').sub(mean.mul(factor))]
    })
    for (const name of ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'])
      tensors.delete(`${norm}.${name}`)
    tensors
      .set(`${convolution}.weight`, folded!)
      .set(`${convolution}.bias`, offset!)
      .set(`${norm}.${mark}`, tf.scalar(1))
  }
  return Parameters.of(tensors)
}

/** Whether the batch norm of these parameters is folded into the convolution before it. */
export function isFolded(parameters: Parameters): boolean {
  return parameters.has(mark)
}

/**
 * The name of a tensor that marks a folded batch norm. A tensor is kept where parameters are listed and named again.
 */
const mark = 'folded'

function moduleOf(parameters: Parameters): string {
  return parameters.fullName('').slice(0, -1)
}

import { normal, tf, uniform, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { batchNorm, conv2d, disposeParameters, evaluationMode, linear, Parameters, relu } from '@gauntlet/nn'
import { digestOf, type Perturbation } from '@gauntlet/study'
import { evaluate } from '../evaluate.ts'
import type { Evaluation, SavedEvaluation } from '../evaluation.ts'
import type { ImageReader } from '../image-reader.ts'

const [side, classes, count] = [12, 4, 18]
const shapes = {
  'conv1.weight': [3, 3, 3, 16],
  'norm1.weight': [16],
  'norm1.bias': [16],
  'norm1.running_mean': [16],
  'norm1.running_var': [16],
  'conv2.weight': [3, 3, 16, 24],
  'conv2.bias': [24],
  'fc1.weight': [216, 40],
  'fc1.bias': [40],
  'fc2.weight': [40, classes],
  'fc2.bias': [classes],
}
const parameters = Parameters.of(
  Object.entries(shapes).map(([name, shape]) => {
    const values = normal({ seed: 2, purpose: name }, tf.util.sizeFromShape(shape))
    const scale = Math.sqrt(2 / tf.util.sizeFromShape(shape.slice(0, -1)))
    return [
      name,
      tf.tensor(/norm1\.(weight|running_var)/.test(name) ? values.fill(1) : values.map((x) => x * scale), shape),
    ] as const
  }),
)

/** Frees the parameters of the model. */
export function disposeModel(): void {
  disposeParameters(parameters)
}

/**
 * A model of convolutions, a batch norm that is folded, and matrix products, whose kernels add in another order for one
 * row than for sixteen.
 */
function model(images: Tensor4D, named: Parameters): Tensor2D {
  const first = relu(
    batchNorm(conv2d(images.sub(0.5), named.at('conv1'), { stride: 2, padding: 1 }), named.at('norm1'), evaluationMode),
  )
  const second = relu(conv2d(first, named.at('conv2'), { stride: 2, padding: 1 }))
  return linear(relu(linear(second.reshape<Tensor2D>([-1, 216]), named.at('fc1'))), named.at('fc2'))
}
const logits = (images: Tensor4D) => model(images, parameters)

const values = side * side * 3
const images = Array.from({ length: count }, (_, i) => uniform({ seed: i, purpose: 'image' }, values))
const batchOf = (indices: readonly number[]) => {
  const batch = new Float32Array(indices.length * values)
  indices.forEach((index, i) => batch.set(images[index]!, i * values))
  return batch
}
const labels = tf.tidy(() => [
  ...logits(tf.tensor4d(batchOf([...images.keys()]), [count, side, side, 3]))
    .argMax(1)
    .dataSync(),
])
const digests = images.map((_, i) => digestOf(`image ${i}`))
const reader: ImageReader = {
  count,
  resolution: side,
  entry: (index) => ({ digest: digests[index]!, label: labels[index]! }),
  read: async (indices) => ({
    images: batchOf(indices),
    labels: Int32Array.from(indices, (index) => labels[index]!),
    digests: indices.map((index) => digests[index]!),
  }),
}

/** The evaluation of the model on eighteen images, all of which it classifies as labelled. */
export function evaluationOf(perturbation: Perturbation, change: Partial<Evaluation> = {}): Evaluation {
  const network = { model, parameters }
  return { perturbation, seed: 1, logits, network, classes, reader, batchSize: 64, ...change }
}

/** What is saved by the time an evaluation is killed after some blocks. */
export async function killed(evaluation: Evaluation, blocks: number): Promise<SavedEvaluation> {
  const controller = new AbortController()
  let [seen, saved] = [0, undefined as SavedEvaluation | undefined]
  const onProgress: Evaluation['onProgress'] = async ({ save }) => {
    if (++seen !== blocks) return
    saved = structuredClone(await save())
    controller.abort(new Error('killed'))
  }
  try {
    await evaluate({ ...evaluation, onProgress, signal: controller.signal })
  } catch (error) {
    if (saved && error === controller.signal.reason) return saved
    throw error
  }
  throw new Error(`The evaluation has fewer than ${blocks} blocks.`)
}

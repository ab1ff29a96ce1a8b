import { backboneFor, type Backbone } from '@gauntlet/backbones'
import { tf, type Tensor4D } from '@gauntlet/engine'
import {
  evaluationMode,
  Parameters,
  type ForwardContext,
  type ParameterSpecification,
  type Randomness,
} from '@gauntlet/nn'
import { fromParameters, loadStrictly, toParameters, type NamedArray } from '@gauntlet/weights'
import { readFixture, sampled, type Fixture, type GradientNorms } from './fixture.ts'
import { faintness, fixedPixels, hashFilled, hashFilledModel } from './hash-filling.ts'
import { notingStatistics } from './running-statistics.ts'

/** A number, and the limit that the reference sets for it. */
export interface Finding {
  readonly what: string
  readonly measured: number
  readonly limit: number
}

/** Whether the number is within its limit. NaN never is. */
export function holds({ measured, limit }: Finding): boolean {
  return measured <= limit
}

/** A backbone and its reference, both with the same hash-filled weights. `dispose` frees them. */
export interface Comparison {
  readonly backbone: Backbone
  readonly fixture: Fixture
  readonly specifications: readonly ParameterSpecification[]
  readonly parameters: Parameters
  dispose(): void
}

/**
 * Loads the reference's state dict by its own names, strictly, as a study loads a checkpoint. `<id>@<side>` has the
 * weights of the native side, with positions resized from those.
 */
export function compareWithReference(name: string): Comparison {
  const fixture = readFixture(name)
  const [id = name, side] = name.split('@')
  const backbone = backboneFor(id, fixture.contract, side === undefined ? undefined : fixture.side)
  const specifications = backbone.specifications(fixture.classes)
  const native = backboneFor(id, fixture.contract).specifications(fixture.classes)
  const filled =
    side === undefined ? hashFilled(fixture.stateDict, fixture.aliases, fixture.gain) : hashFilledModel(native)
  const converted = backbone.convertCheckpoint(filled).map((array) => backbone.resizePositions?.(array) ?? array)
  const parameters = toParameters(loadStrictly(converted, specifications), specifications)
  const dispose = () => tf.dispose([...parameters.entries()].map(([, tensor]) => tensor))
  return { backbone, fixture, specifications, parameters, dispose }
}

/** The number of parameters of a backbone. A tensor that its reference has under two names counts once. */
export function parameterCount(specifications: readonly ParameterSpecification[], { aliases }: Fixture): number {
  return specifications
    .filter(({ name, trainable }) => trainable && !(name in aliases))
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0)
}

/** Compares the logits, the gradient of the pixels and those of parameters in evaluation. */
export function compareEvaluation(comparison: Comparison): Finding[] {
  const { fixture } = comparison
  const { labels, tensors, exactLogits, inputGradient, gradients } = fixture
  const ours = backward(comparison, labels, Object.keys(gradients), evaluationMode)
  const range = rangeOf(exactLogits)
  const theirRounding = largestDifference(tensors.get('logits')!, exactLogits) / range
  const turned = cosineDistance(sampled(ours.pixels, 4096), tensors.get('input_gradient')!)
  return [
    {
      what: 'logits, of their range',
      measured: largestDifference(ours.logits, tensors.get('logits')!) / range,
      limit: 1e-4,
    },
    {
      what: 'logits to float64, of their range',
      measured: largestDifference(ours.logits, exactLogits) / range,
      limit: 4 * theirRounding + 5e-6,
    },
    { what: 'input gradient, 1 − cosine', measured: turned, limit: Math.max(1e-5, 4 * inputGradient.turned) },
    {
      what: "input gradient's norm, relative",
      measured: Math.abs(norm(ours.pixels) / inputGradient.norm - 1),
      limit: 1e-3,
    },
    ...ours.parameters.map(({ name, data }) =>
      gradientFinding(fixture, 'gradient', gradients, name, data as Float32Array),
    ),
  ]
}

/** Compares the logits with weights for which every norm's epsilon matters. */
export function compareFaint({ backbone, fixture, specifications, parameters }: Comparison): Finding {
  const { labels, side, faint } = fixture
  const logits = tf.tidy(() => {
    const held = specifications.filter(({ sharedWith }) => sharedWith === undefined)
    const entries = held.map(({ name, kind, shape }) => {
      const tensor = parameters.tensor(name)
      return [name, kind === 'counter' ? tensor : tensor.mul(faintness(name, shape.length))] as const
    })
    return backbone.logits(fixedImages(labels.length, side), Parameters.of(entries), evaluationMode).dataSync()
  })
  const range = rangeOf(faint.exactLogits)
  return {
    what: 'faint logits to float64, of their range',
    measured: largestDifference(logits, faint.exactLogits) / range,
    limit: (4 * faint.off) / range + 2e-6,
  }
}

/**
 * Compares the gradients of parameters and the buffers of batch norms after one forward and backward pass in training,
 * where that differs from evaluation.
 */
export function compareTraining(comparison: Comparison): Finding[] {
  const { fixture, parameters } = comparison
  if (!fixture.training) return []
  const { labels, gradients, buffersOff } = fixture.training
  const moved = new Map<string, Float32Array>()
  const context: ForwardContext = {
    training: true,
    randomness: nothingDropped,
    onBatchStatistics: notingStatistics(parameters, moved),
  }
  const ours = backward(comparison, labels, Object.keys(gradients), context)
  return [
    ...ours.parameters.map(({ name, data }) =>
      gradientFinding(fixture, 'training', gradients, name, data as Float32Array),
    ),
    ...Object.keys(buffersOff).map((name) => bufferFinding(fixture, name, buffersOff[name]!, moved.get(name))),
  ]
}

/**
 * The logits, and the gradients of the mean cross-entropy: those of the pixels, and those of the named parameters in
 * PyTorch's layout.
 */
function backward(
  { backbone, fixture, specifications, parameters }: Comparison,
  labels: readonly number[],
  names: readonly string[],
  context: ForwardContext,
): { logits: Float32Array; pixels: Float32Array; parameters: NamedArray[] } {
  const wanted = names.map((name) => specifications.find((specification) => specification.name === name)!)
  tf.engine().startScope()
  const images = fixedImages(labels.length, fixture.side)
  let logits = new Float32Array()
  const loss = () => {
    const y = backbone.logits(images, parameters, context)
    logits = Float32Array.from(y.dataSync())
    return tf.losses.softmaxCrossEntropy(tf.oneHot([...labels], fixture.classes), y).asScalar()
  }
  const tensors = wanted.map(({ name }) => parameters.tensor(name))
  const [ofPixels, ...ofParameters] = tf.engine().gradients(loss, [images, ...tensors]).grads
  const named = Parameters.of(wanted.map(({ name }, i) => [name, ofParameters[i]!]))
  const result = { logits, pixels: ofPixels!.dataSync() as Float32Array, parameters: fromParameters(named, wanted) }
  tf.engine().endScope()
  return result
}

/** Dropout keeps every value, as in reference_models.py. Where it is and its rate still matter. */
const nothingDropped: Randomness = { uniform: (shape) => tf.ones([...shape]), ofImages: () => nothingDropped }

/**
 * Compares a gradient by the norm of the difference, relative to the gradient's own norm. Gradients that cancel out in
 * exact arithmetic (of a bias before batch norm, or of an attention's keys) are only rounding; they are compared with
 * the largest gradient of the step.
 */
function gradientFinding(
  { tensors }: Fixture,
  kind: 'gradient' | 'training',
  norms: GradientNorms,
  name: string,
  values: Float32Array,
): Finding {
  const largest = Math.max(...Object.values(norms).map((gradient) => gradient.norm))
  const expected = tensors.get(`${kind}/${name}`)!
  const ours = sampled(values, 192)
  // The norm of a sample divided by the norm of the whole, if all elements were alike.
  const share = Math.sqrt(expected.length / values.length)
  const scale = Math.max(norms[name]!.norm, 1e-5 * largest)
  const difference = norm(ours.map((value, i) => value - expected[i]!)) / share
  return {
    what: `${kind}/${name}, norm of the difference, relative`,
    measured: ours.length === expected.length ? difference / Math.max(norm(expected) / share, scale) : NaN,
    // Rounding crosses the kinks of ReLU, by chance and otherwise on other processors: one crossing moves 1.8e-3 of
    // resnext50_32x4d's gradient without AVX-512. A cosine of 0.99999 is 4.5e-3. In training, batch norm of few values
    // amplifies it.
    limit: Math.max(kind === 'training' ? 1e-2 : 3e-3, (4 * norms[name]!.off) / scale),
  }
}

function bufferFinding(
  { tensors }: Fixture,
  name: string,
  off: number,
  values: Float32Array = new Float32Array(),
): Finding {
  const expected = tensors.get(`buffer/${name}`)!
  const range = rangeOf(expected)
  const measured = largestDifference(sampled(values, 64), expected) / range
  return { what: `buffer ${name}, of its range`, measured, limit: Math.max(1e-4, (4 * off) / range) }
}

function fixedImages(count: number, side: number): Tensor4D {
  return tf.tensor4d(fixedPixels(count, side), [count, side, side, 3])
}

function rangeOf(values: ArrayLike<number>): number {
  return Math.max(...Array.from(values)) - Math.min(...Array.from(values))
}

/** The largest difference; NaN where the lengths differ. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return NaN
  return Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((largest, value) => Math.max(largest, value), 0)
}

function cosineDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return NaN
  return 1 - a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (norm(a) * norm(b))
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

import { tf, type Scalar, type Tensor } from '../tf.ts'
import { activeRecording } from '../recording/capturing.ts'
import { refusal } from '../recording/refusals.ts'
import { tensorTypeOf } from '../recording/symbolic-tensors.ts'

/**
 * The tensors that Adam keeps for a parameter, and the gradient of its present step. All have the parameter's shape.
 */
export type AdamTensors = {
  readonly value: Tensor
  /** Moving average of the gradient. */
  readonly firstMoment: Tensor
  /** Moving average of the squared gradient. */
  readonly secondMoment: Tensor
  readonly gradient: Tensor
}

/** The float32 scalars of one step. */
export interface AdamFactors {
  /** The factor by which the value is multiplied before the step (weight decay); 1 unless given. */
  readonly kept?: Scalar
  readonly rate: Scalar
  readonly epsilon: Scalar
}

/** The decay rates of the two moving averages. */
export interface AdamBetas {
  readonly beta1: number
  readonly beta2: number
}

/** The operator that stands for a step in a recording, until the results are assigned to the state (`adamInPlace`). */
export const adamOperator = 'GauntletAdam'

/**
 * One step of Adam: value · kept − rate · m / (√v + epsilon) with the new averages m and v, and zeros as the next
 * gradient (arXiv:1412.6980, algorithm 1 in the form of the last lines of section 2). In a program it is one operator
 * that overwrites the state, so its inputs must be state, and all four results must be returned as that state.
 */
export function adamStep(tensors: AdamTensors, factors: AdamFactors, betas: AdamBetas): AdamTensors {
  const recording = activeRecording()
  if (!recording) return tf.tidy(() => composedStep(tensors, factors, betas))
  if (recording.parent)
    throw refusal('adamStep stands inside a loop, where no state can be written over; call it outside.')
  const { value, firstMoment, secondMoment, gradient } = tensors
  const stepped = [value, firstMoment, secondMoment, gradient]
  const inputs = [...stepped, factors.rate, factors.epsilon, ...(factors.kept ? [factors.kept] : [])]
  const attributes = { beta1: { real: betas.beta1 }, beta2: { real: betas.beta2 } }
  const references = inputs.map((tensor) => recording.reference(tensor))
  const node = recording.add(adamOperator, references, attributes, stepped.map(tensorTypeOf), { fixed: false })
  const symbol = (output: number) => recording.symbolOf(node, output)
  return { value: symbol(0), firstMoment: symbol(1), secondMoment: symbol(2), gradient: symbol(3) }
}

/** The step by single operators, which rounds as TensorFlow's `ResourceApplyAdam` does. */
function composedStep(
  { value, firstMoment, secondMoment, gradient }: AdamTensors,
  { kept, rate, epsilon }: AdamFactors,
  { beta1, beta2 }: AdamBetas,
) {
  const first = firstMoment.add(gradient.sub(firstMoment).mul(1 - beta1))
  const second = secondMoment.add(
    gradient
      .square()
      .sub(secondMoment)
      .mul(1 - beta2),
  )
  const start = kept ? value.mul(kept) : value
  return {
    value: start.sub(first.mul(rate).div(second.sqrt().add(epsilon))),
    firstMoment: first,
    secondMoment: second,
    gradient: tf.zerosLike(gradient),
  }
}

import { tf, type Scalar, type Tensor } from '../tf.ts'
import { activeRecording } from './capturing.ts'
import { refusal } from './refusals.ts'
import { tensorTypeOf } from './symbolic-tensors.ts'

/** The tensors that Adam keeps for a tensor of parameters, and the gradient of its present step; all of its shape. */
export type AdamTensors = {
  readonly value: Tensor
  /** Moving average of the gradient. */
  readonly firstMoment: Tensor
  /** Moving average of the squared gradient. */
  readonly secondMoment: Tensor
  readonly gradient: Tensor
}

/** float32 scalars of one step. */
export interface AdamFactors {
  /** What of the value is left before the step; all unless given. */
  readonly kept?: Scalar
  readonly rate: Scalar
  readonly epsilon: Scalar
}

/** How slowly the moving averages move. */
export interface AdamBetas {
  readonly beta1: number
  readonly beta2: number
}

/** The operator by which a program remembers the step until its results are assigned (`adamInPlace`). */
export const adamOperator = 'GauntletAdam'

/**
 * value · kept − rate · m / (√v + epsilon) for the moved averages m and v, and zeros for the next step's gradient
 * (arXiv:1412.6980, algorithm 1 in the form of its section 2's last lines). In a program one operator that writes over
 * the state: it must be given state, and all four results returned as that state.
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

/** As TensorFlow's `ResourceApplyAdam` rounds. */
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

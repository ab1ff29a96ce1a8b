import { tf, type Scalar, type Tensor } from '../tf.ts'
import { activeRecording, recordingTo } from './capturing.ts'
import { tensorTypeOf } from './recording.ts'
import { refusal } from './refusals.ts'

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
 * value · kept − rate · m / (√v + epsilon) for the moved averages m and v, and zeros for the next step's gradient (arXiv:1412.6980, algorithm 1 in the form of
 * its section 2's last lines). In a program one operator that writes over the state: it must be given state, and all four results returned as that state.
 */
export function adamStep(tensors: AdamTensors, factors: AdamFactors, betas: AdamBetas): AdamTensors {
  const recording = activeRecording()
  const composed = () => tf.tidy(() => composedStep(tensors, factors, betas))
  if (!recording) return composed()
  if (recording.parent) throw refusal('adamStep stands inside a loop, where no state can be written over; call it outside.')
  const { value, firstMoment, secondMoment, gradient } = tensors
  const given = [value, firstMoment, secondMoment, gradient, factors.rate, factors.epsilon]
  const inputs = [...given, ...(factors.kept ? [factors.kept] : [])].map((tensor) => recording.reference(tensor))
  const results = recordingTo(undefined, composed)
  const attributes = { beta1: { real: betas.beta1 }, beta2: { real: betas.beta2 } }
  const outputs = [results.value, results.firstMoment, results.secondMoment, results.gradient]
  const node = recording.add(adamOperator, inputs, attributes, outputs.map(tensorTypeOf), { fixed: false })
  outputs.forEach((tensor, i) => recording.bind(tensor, node, i))
  return results
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

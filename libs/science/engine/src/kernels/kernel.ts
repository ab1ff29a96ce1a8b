import { differentiableByFirstOutput } from '../gradient-memory.ts'
import { kernelRegistrations } from '../kernel-registrations.ts'
import { tf, type Tensor } from '../tf.ts'

/** The inputs of a kernel by name. */
export type Inputs<Name extends string, Optional extends string = never> = Record<Name, Tensor> &
  Partial<Record<Optional, Tensor>>

/** A differentiable kernel made of TensorFlow's own operators. */
export interface Kernel<Name extends string, Attributes extends object, Optional extends string = never> {
  readonly name: string
  /**
   * Gives the outputs. All other tensors that it makes are disposed of at once. A gradient is that of the first output.
   */
  readonly forward: (inputs: Inputs<Name, Optional>, attributes: Attributes) => Tensor[]
  /** The inputs, and the outputs by position, that the gradient reads. `gradient` receives them in this order. */
  readonly savedInputs: readonly Name[]
  readonly savedOutputs?: readonly boolean[]
  /**
   * Gives one thunk per input. tfjs calls only those on the path to what is differentiated, so that an attack computes
   * no gradient of weights.
   */
  readonly gradient: (
    gradientOfOutput: Tensor,
    saved: Tensor[],
    attributes: Attributes,
  ) => Partial<Record<Name | Optional, () => Tensor>>
}

/** Registers the kernel with tfjs, and gives the function that runs it. */
export function defineKernel<Name extends string, Attributes extends object, Optional extends string = never>(
  kernel: Kernel<Name, Attributes, Optional>,
): (inputs: Inputs<Name, Optional>, attributes: Attributes) => Tensor[] {
  const register = () => {
    unregister(kernel.name)
    tf.registerKernel({
      kernelName: kernel.name,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs }) =>
        tf.tidy(() => kernel.forward(inputs as unknown as Inputs<Name, Optional>, attrs as unknown as Attributes)),
    })
    tf.registerGradient({
      kernelName: kernel.name,
      inputsToSave: [...kernel.savedInputs],
      ...(kernel.savedOutputs ? { outputsToSave: [...kernel.savedOutputs] } : {}),
      gradFunc: (gradients, saved, attributes) =>
        kernel.gradient(
          Array.isArray(gradients) ? gradients[0]! : gradients,
          saved,
          attributes as unknown as Attributes,
        ) as Record<string, () => Tensor>,
    })
  }
  differentiableByFirstOutput.add(kernel.name)
  kernelRegistrations.push(register)
  register()
  return (inputs, attributes) => {
    const outputs: Tensor | Tensor[] = tf
      .engine()
      .runKernel(kernel.name, inputs as Record<string, Tensor>, attributes as never)
    return Array.isArray(outputs) ? outputs : [outputs]
  }
}

/** tfjs keeps one kernel of a name, and warns where a second one comes. */
function unregister(name: string): void {
  if (tf.getKernel(name, 'tensorflow')) tf.unregisterKernel(name, 'tensorflow')
  if (tf.getGradient(name)) tf.unregisterGradient(name)
}

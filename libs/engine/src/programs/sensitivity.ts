import { releaseMemory } from '../release-memory.ts'
import { tf, type Tensor } from '../tf.ts'
import type { Agreement } from './agreement.ts'
import type { EagerRun } from './program.ts'
import { mapTensors, tensorsOf, type TensorTree } from './tensor-tree.ts'

/** A replay may deviate by so many times what rounding of the inputs does: single elements cross a kink in one run and not in the other. */
export const sensitivityAllowance = 4

/** Eager runs on roughened inputs. */
const trials = 2

/**
 * How much the results of eager code change when inputs and state carry a relative error of `rounding`: the largest deviation among the results. Gradients
 * through ReLU and steps by a sign are discontinuous, so that a deep network turns the last bit of a pixel into per cents of a gradient; TensorFlow's graph
 * optimiser rounds differently from eager code, and no fixed tolerance would do for both such a program and a smooth one.
 */
export function sensitivityOf(
  eager: EagerRun,
  state: TensorTree,
  rounding: number,
  compare: (results: readonly Tensor[]) => Agreement,
): number {
  const deviations = Array.from({ length: trials }, (_, trial) => {
    const [inputs, rough] = tf.tidy(
      () => [roughened(eager.inputs, rounding, trial), roughened(state, rounding, trial)] as never,
    ) as [EagerRun['inputs'], TensorTree]
    const results = eager.again(inputs, rough)
    const { deviation } = compare(results)
    tf.dispose([...results, ...tensorsOf(inputs), ...tensorsOf(rough)])
    releaseMemory()
    return deviation
  })
  return Math.max(...deviations)
}

/** Every element times 1 ± `rounding`, in a pattern that differs from trial to trial; zeros stay the tensor they are. */
function roughened<Tree extends TensorTree>(tree: Tree, rounding: number, trial: number): Tree {
  return mapTensors(tree, (tensor) =>
    tf.tidy(() => {
      if (tensor.dtype !== 'float32' || isZero(tensor)) return tensor.clone()
      const pattern = tf
        .range(0, tensor.size)
        .mul(trial + 1.7)
        .cos()
        .sign()
      return tensor.mul(pattern.mul(rounding).add(1).reshape(tensor.shape))
    }),
  )
}

function isZero(tensor: Tensor): boolean {
  return tensor.abs().max().dataSync()[0] === 0
}

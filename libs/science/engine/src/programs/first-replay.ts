import { releaseMemory } from '../tensor-memory.ts'
import { tf, type Tensor } from '../tf.ts'
import { agreementOf, type Agreement } from './agreement.ts'
import { SpilledTensors, type Values } from '../sessions/spilled-tensors.ts'
import type { EagerRun, Program } from '../sessions/program.ts'
import type { Precision } from '../graphs/precision.ts'
import { ReplayDiffers } from '../recording/refusals.ts'
import { leavesOf, mapTensors, type TensorTree } from '../sessions/tensor-tree.ts'

/**
 * A replay may deviate from the eager run by so many times the deviation that rounding of the inputs causes. Single
 * elements cross a kink in one run and not in the other, so the two are not equal.
 */
const sensitivityAllowance = 4

/** The most replays on jittered inputs. There is a further one only while the deviation is not allowed. */
const trials = 2

/** Makes a new tree of tensors, each changed by about one rounding error. */
export type Jitter = <Tree extends TensorTree>(tree: Tree) => Tree

interface FirstReplay {
  readonly program: Program
  readonly eager: EagerRun
  readonly precision: Pick<Precision, 'name' | 'tolerance' | 'rounding'>
  /** The state before the first run. */
  readonly state: TensorTree
  /**
   * Replays the program from the state before the first run. Gives the outputs and then the changed state; the caller
   * disposes of them.
   */
  replay(jittered?: Jitter): Tensor[]
}

/**
 * How well the first replay of a program agrees with its eager run; throws `ReplayDiffers` where it does not.
 *
 * Fused operators round otherwise than eager code. Gradients through ReLU and steps by a sign are discontinuous, so
 * that a deep network turns the last bit of a pixel into per cents of a gradient, while a smooth program does not. No
 * fixed tolerance would do for both. Beyond the tolerance the deviation is therefore compared with that of replays
 * whose inputs and state have a relative error of the precision's rounding. Before that a second replay must give
 * the same bits, since a program with random results would also deviate much from itself.
 */
export function firstReplayAgreement(run: FirstReplay): Agreement {
  const { program, precision, eager } = run
  const replayed = run.replay()
  const spilled = new SpilledTensors()
  try {
    const expected = [...eager.outputs.map(({ tensor }) => tensor), ...eager.state.values()]
    const agreement = compared(run, expected, replayed)
    if (agreement.deviation <= precision.tolerance) return agreement
    const first = replayed.map((tensor) => spilled.spill(tensor))
    tf.dispose(replayed)
    if (!comparedWithReplay(run, first).exact) {
      throw new ReplayDiffers(
        `${program.name} in ${precision.name} gives other values in every run; let nothing in it depend on chance.`,
      )
    }
    return { ...agreement, sensitivity: allowedBySensitivity(run, first, agreement) }
  } finally {
    tf.dispose(replayed)
    spilled.dispose()
  }
}

/** The sensitivity by which the deviation is allowed. Throws `ReplayDiffers` where there is none. */
function allowedBySensitivity(run: FirstReplay, first: readonly Values[], { deviation, where }: Agreement): number {
  const { program, precision } = run
  let sensitivity = 0
  for (let trial = 0; trial < trials && Number.isFinite(deviation); trial++) {
    const jittered: Jitter = (tree) => jitteredTree(tree, precision.rounding, trial)
    sensitivity = Math.max(sensitivity, comparedWithReplay(run, first, jittered).deviation)
    if (deviation <= sensitivityAllowance * sensitivity) return sensitivity
  }
  throw new ReplayDiffers(
    `${program.name} in ${precision.name} gives ${where} ${deviation.toExponential(1)} away from its eager run ` +
      `(allowed: ${Math.max(precision.tolerance, sensitivityAllowance * sensitivity).toExponential(1)}); use another precision or device.`,
  )
}

function comparedWithReplay(run: FirstReplay, first: readonly Values[], jittered?: Jitter): Agreement {
  const results = run.replay(jittered)
  const agreement = compared(run, first, results)
  tf.dispose(results)
  releaseMemory()
  return agreement
}

/** Compares outputs and then changed state. Of the state, the change is compared. */
function compared({ eager, state }: FirstReplay, expected: readonly Values[], actual: readonly Tensor[]): Agreement {
  const before = new Map(leavesOf(state))
  const names = [
    ...eager.outputs.map(({ path }) => ({ where: `output ${path}` })),
    ...[...eager.state.keys()].map((path) => ({ where: `state ${path}`, before: before.get(path)! })),
  ]
  return agreementOf(names.map((name, i) => ({ ...name, expected: expected[i]!, actual: actual[i]! })))
}

/**
 * Multiplies every element by 1 ± `rounding`, in a pattern that differs between trials. Tensors of zeros stay as they
 * are.
 */
function jitteredTree<Tree extends TensorTree>(tree: Tree, rounding: number, trial: number): Tree {
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

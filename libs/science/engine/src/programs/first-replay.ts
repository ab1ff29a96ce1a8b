import { releaseMemory } from '../tensor-memory.ts'
import { tf, type Tensor } from '../tf.ts'
import { agreementOf, type Agreement } from './agreement.ts'
import type { Form } from './forms.ts'
import { SpilledTensors, type Values } from './spilled-tensors.ts'
import type { EagerRun, Program } from './program.ts'
import { ReplayDiffers } from './refusals.ts'
import { leavesOf, mapTensors, type TensorTree } from './tensor-tree.ts'

/**
 * A replay may deviate from the eager run by so many times what rounding of its inputs does to it: single elements
 * cross a kink in one run and not in the other.
 */
const sensitivityAllowance = 4

/** Replays on jittered inputs, as long as the allowance is exceeded. */
const trials = 2

/** Makes new tensors of some of a tree's. */
export type Jitter = <Tree extends TensorTree>(tree: Tree) => Tree

interface FirstReplay {
  readonly program: Program
  readonly eager: EagerRun
  readonly form: Form
  /** The first values. */
  readonly state: TensorTree
  /** Replays the program from the first state: outputs, then changed state, the caller's to dispose of. */
  replay(jittered?: Jitter): Tensor[]
}

/**
 * How the first replay of a program agrees with its eager run. Gradients through ReLU and steps by a sign are
 * discontinuous, so that a deep network turns the last bit of a pixel into per cents of a gradient; joined operators
 * round differently from eager code, and no fixed tolerance would do for both such a program and a smooth one. Beyond
 * the form's tolerance the deviation is therefore held against that of replays whose inputs and state carry a relative
 * error of the form's rounding, after a second replay has shown the same bits (chance would be large against itself,
 * too).
 *
 * Throws `ReplayDiffers`.
 */
export function firstReplayAgreement(run: FirstReplay): Agreement {
  const { program, form, eager } = run
  const replayed = run.replay()
  const spilled = new SpilledTensors()
  try {
    const expected = [...eager.outputs.map(({ tensor }) => tensor), ...eager.state.values()]
    const agreement = compared(run, expected, replayed)
    if (agreement.deviation <= form.tolerance) return agreement
    const first = replayed.map((tensor) => spilled.spill(tensor))
    tf.dispose(replayed)
    if (!comparedWithReplay(run, first).exact) {
      throw new ReplayDiffers(
        `${program.name} in the form ${form.name} gives other values in every run; use another form.`,
      )
    }
    return { ...agreement, sensitivity: allowedBySensitivity(run, first, agreement) }
  } finally {
    tf.dispose(replayed)
    spilled.dispose()
  }
}

/** The sensitivity that allows for the deviation. */
function allowedBySensitivity(run: FirstReplay, first: readonly Values[], { deviation, where }: Agreement): number {
  const { program, form } = run
  let sensitivity = 0
  for (let trial = 0; trial < trials && Number.isFinite(deviation); trial++) {
    const jittered: Jitter = (tree) => jitteredTree(tree, form.rounding, trial)
    sensitivity = Math.max(sensitivity, comparedWithReplay(run, first, jittered).deviation)
    if (deviation <= sensitivityAllowance * sensitivity) return sensitivity
  }
  throw new ReplayDiffers(
    `${program.name} in the form ${form.name} gives ${where} ${deviation.toExponential(1)} away from its eager run ` +
      `(allowed: ${Math.max(form.tolerance, sensitivityAllowance * sensitivity).toExponential(1)}); use another form.`,
  )
}

function comparedWithReplay(run: FirstReplay, first: readonly Values[], jittered?: Jitter): Agreement {
  const results = run.replay(jittered)
  const agreement = compared(run, first, results)
  tf.dispose(results)
  releaseMemory()
  return agreement
}

/** Outputs, then changed state; of the state, the change is judged. */
function compared({ eager, state }: FirstReplay, expected: readonly Values[], actual: readonly Tensor[]): Agreement {
  const before = new Map(leavesOf(state))
  const names = [
    ...eager.outputs.map(({ path }) => ({ where: `output ${path}` })),
    ...[...eager.state.keys()].map((path) => ({ where: `state ${path}`, before: before.get(path)! })),
  ]
  return agreementOf(names.map((name, i) => ({ ...name, expected: expected[i]!, actual: actual[i]! })))
}

/**
 * Every element times 1 ± `rounding`, in a pattern that differs from trial to trial; zeros stay the tensor they are.
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

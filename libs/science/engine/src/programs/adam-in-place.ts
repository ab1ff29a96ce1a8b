import {
  DataType,
  int32Value,
  outputOf,
  type Attribute,
  type ConstantValue,
  type GraphNode,
  type Reference,
} from '../graphs/graph.ts'
import type { Recording } from '../recording/recording.ts'
import { CaptureRefused } from '../recording/refusals.ts'
import { handleOf, type Consumers, type StateUpdate } from './state-update.ts'

/**
 * The updates of one step of Adam: value, first moment, second moment and gradient, in the order of the step's inputs
 * and outputs.
 */
type StepUpdates = readonly [StateUpdate, StateUpdate, StateUpdate, StateUpdate]

/**
 * The nodes that make steps of Adam in the state's own memory, by TensorFlow's `ResourceApplyAdam`. They run one
 * parameter after the other, so that the memory that each needs beside the state is free before the next needs it.
 */
export function adamInPlace(root: Recording, updates: readonly StateUpdate[], consumers: Consumers): GraphNode[] {
  const made: GraphNode[] = []
  for (const node of new Set(updates.map(({ value }) => value.node))) {
    const step = stepUpdatesOf(node, updates)
    if (!step || consumers.get(node) !== step.length) {
      throw new CaptureRefused(
        'A step of Adam is not of state, or its results are not returned as that state; return all four.',
      )
    }
    made.push(...stepInPlace(root, node, step, consumers, made.at(-1)))
  }
  return made
}

function stepUpdatesOf(node: GraphNode, updates: readonly StateUpdate[]): StepUpdates | undefined {
  const found = [0, 1, 2, 3].map((place) =>
    updates.find(
      ({ value, read }) => value.node === node && value.output === place && node.inputs[place]!.node === read,
    ),
  )
  return found.every((update) => update !== undefined) ? (found as unknown as StepUpdates) : undefined
}

function stepInPlace(
  root: Recording,
  node: GraphNode,
  [value, first, second, gradient]: StepUpdates,
  consumers: Consumers,
  before: GraphNode | undefined,
): GraphNode[] {
  const [, , , gradientRead, rate, epsilon, kept] = node.inputs
  const betas = ['beta1', 'beta2'].map((name) => constant(root, node.attributes[name]!))
  const zero = constant(root, { real: 0 })
  const waits = [value, first, second].flatMap(({ read }) => (consumers.get(read!) === 1 ? [] : [read!]))
  const start = before ? [before] : []
  const decayed = kept ? decay(root, value, kept, start) : undefined
  const handles = [value, first, second].map(({ variable }) => handleOf(variable))
  // The operator would correct the bias of the moments. Powers of zero turn that off, since the caller's rate and
  // epsilon contain the correction.
  const inputs = [...handles, zero, zero, rate!, ...betas, epsilon!, gradientRead!]
  const applied = root.add('ResourceApplyAdam', inputs, applyAttributes, [], {
    controls: [...(decayed ? [decayed] : start), ...waits],
    fixed: false,
  })
  return [applied, cleared(root, gradient, applied)]
}

/** Assigns the value times `kept` to the variable. Nothing holds the old memory afterwards. */
function decay(root: Recording, { variable, read }: StateUpdate, kept: Reference, controls: GraphNode[]): GraphNode {
  const product = root.add('Mul', [outputOf(read!), kept], isFloat, [variable.type], {
    controls,
    fixed: false,
  })
  const inputs = [handleOf(variable), outputOf(product)]
  return root.add('AssignVariableOp', inputs, { dtype: { type: DataType.float32 } }, [], { fixed: false })
}

/**
 * Assigns zeros to the gradient. They come from an operator that TensorFlow does not fold into a constant, which would
 * hold as much memory as the gradients for good.
 */
function cleared(root: Recording, { variable }: StateUpdate, after: GraphNode): GraphNode {
  const { shape } = variable.type
  const sizes = root.constant(int32Value(shape))
  const attributes = { dtype: { type: DataType.float32 }, init: { truth: true } }
  const zeros = root.add('Empty', [sizes], attributes, [variable.type], { controls: [after], fixed: false })
  const inputs = [handleOf(variable), outputOf(zeros)]
  return root.add('AssignVariableOp', inputs, { dtype: { type: DataType.float32 } }, [], { fixed: false })
}

function constant(root: Recording, value: Attribute): Reference {
  const content = new Uint8Array(Float32Array.of((value as { real: number }).real).buffer)
  return root.constant({ dataType: DataType.float32, shape: [], content } satisfies ConstantValue)
}

const isFloat = { T: { type: DataType.float32 } }
const applyAttributes = { ...isFloat, use_locking: { truth: false }, use_nesterov: { truth: false } }

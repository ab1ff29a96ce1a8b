import { nativeBackend } from '../operator.ts'
import { tf, type Scalar, type Tensor } from '../tf.ts'
import { activeRecording, isForCheck, recordingTo } from '../recording/capturing.ts'
import {
  DataType,
  int32Scalar,
  int32Value,
  neededNodes,
  outputOf,
  typeOf,
  type Attribute,
  type GraphFunction,
  type GraphNode,
  type Reference,
  type TensorType,
} from '../graphs/graph.ts'
import { Recording, requireSameType } from '../recording/recording.ts'
import { CaptureRefused } from '../recording/refusals.ts'
import { tensorTypeOf } from '../recording/symbolic-tensors.ts'
import { leavesOf, mapTensors, tensorsOf, tidyTree, withTensors, type TensorTree } from '../sessions/tensor-tree.ts'

/** The iterations of a loop while its program is checked: the first, and one that starts from another's result. */
export const checkedIterations = 2

/**
 * Computes one iteration: from what is carried, and the iteration's number from 0 (int32), to what is carried on. Names
 * and shapes must not change.
 */
export type LoopBody<Carried extends TensorTree> = (carried: Carried, iteration: Scalar) => Carried

/**
 * Runs `body` `count` times, starting from `initial`. Outside a capture this is a loop in JavaScript. In a program it
 * is one `StatelessWhile` node (`withLoopFrames` compiles it): the body is recorded once, whatever the count, and
 * tensors from outside that it uses are its constants. No gradient passes through the loop (as after PyTorch's
 * `detach`), but the body may take gradients itself. The body must run the same operators in every iteration; what
 * differs must be computed from `iteration`.
 */
export function loop<Carried extends TensorTree>(count: number, initial: Carried, body: LoopBody<Carried>): Carried {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new CaptureRefused(`A loop cannot run ${count} times; give a whole number from 0.`)
  return repeat(count, initial, undefined, body)
}

/**
 * Runs `body` as long as `condition`, a boolean scalar, holds, but at most `atMost` times. Outside a capture the
 * condition is read before each iteration; inside it is as for `loop`.
 */
export function repeatWhile<Carried extends TensorTree>(
  condition: (carried: Carried, iteration: Scalar) => Scalar,
  initial: Carried,
  body: LoopBody<Carried>,
  { atMost }: { atMost: number },
): Carried {
  return repeat(atMost, initial, condition, body)
}

type Condition<Carried> = ((carried: Carried, iteration: Scalar) => Scalar) | undefined

function repeat<Carried extends TensorTree>(
  count: number,
  initial: Carried,
  condition: Condition<Carried>,
  body: LoopBody<Carried>,
): Carried {
  const recording = activeRecording()
  if (recording && count > 0) return captureLoop(recording, count, initial, condition, body)
  const iterations = isForCheck() ? Math.min(count, checkedIterations) : count
  return repeatEagerly(iterations, detached(initial), condition, body)
}

/** Disposes of `carried`, which must belong to it. */
function repeatEagerly<Carried extends TensorTree>(
  count: number,
  carried: Carried,
  condition: Condition<Carried>,
  body: LoopBody<Carried>,
): Carried {
  let current = carried
  try {
    for (let i = 0; i < count; i++) {
      const next = iteratedEagerly(i, current, condition, body)
      if (!next) break
      tf.dispose(tensorsOf(current))
      current = next
    }
    return current
  } catch (error) {
    tf.dispose(tensorsOf(current))
    throw error
  }
}

/** What iteration `i` carries on; undefined where the condition does not hold. */
function iteratedEagerly<Carried extends TensorTree>(
  i: number,
  carried: Carried,
  condition: Condition<Carried>,
  body: LoopBody<Carried>,
): Carried | undefined {
  const number = tf.scalar(i, 'int32')
  try {
    const goesOn = !condition || tf.tidy(() => condition(carried, number).dataSync()[0] === 1)
    return goesOn ? detachedTidy(() => body(carried, number)) : undefined
  } finally {
    number.dispose()
  }
}

/**
 * Records a while loop. Its variables are the iteration's number, the bound, what is carried, and then the tensors from
 * outside that body and condition use.
 */
function captureLoop<Carried extends TensorTree>(
  recording: Recording,
  count: number,
  initial: Carried,
  condition: Condition<Carried>,
  body: LoopBody<Carried>,
): Carried {
  const starts = tensorsOf(initial).map((tensor) => recording.reference(tensor))
  const frame = new Recording(recording.program, recording)
  const parameters = argumentsOf([int32Scalar, int32Scalar, ...starts.map(typeOf)])
  const [number, , ...carried] = parameters
  const iteration = recordIteration(frame, initial, [number!, ...carried], condition, body)
  const { functions, outside } = loopFunctions(frame, parameters, iteration)
  const inputs = [recording.constant(int32Value([0], [])), boundOf(recording, count), ...starts, ...outside]
  const node = recording.add('StatelessWhile', inputs, whileAttributes(functions), functions.body.results.map(typeOf), {
    fixed: false,
  })
  return withTensors(
    initial,
    starts.map((_, i) => recording.symbolOf(node, i + 2)),
  )
}

/**
 * The body and the condition as functions, without nodes that they do not need, and the tensors from outside that they
 * use.
 */
function loopFunctions(frame: Recording, parameters: readonly GraphNode[], { references, holds }: RecordedIteration) {
  const [number, bound] = parameters.map(outputOf) as [Reference, Reference]
  const isInteger = { T: { type: DataType.int32 } }
  const next = outputOf(frame.add('AddV2', [number, frame.constant(int32Value([1], []))], isInteger, [int32Scalar]))
  const isBelow = outputOf(frame.add('Less', [number, bound], isInteger, [truthType]))
  const goesOn = holds ? outputOf(frame.add('LogicalAnd', [holds, isBelow], {}, [truthType])) : isBelow
  const results = [next, bound, ...references]
  const bodyNodes = neededNodes(
    frame.nodes,
    results.map(({ node }) => node),
  )
  const conditionNodes = neededNodes(frame.nodes, [goesOn.node])
  const used = new Set([...bodyNodes, ...conditionNodes].flatMap(({ inputs }) => inputs.map(({ node }) => node)))
  for (const { node } of results) used.add(node)
  const captured = frame.captured.filter(({ argument }) => used.has(argument))
  const variables = [...parameters, ...captured.map(({ argument }) => argument)]
  const passed = captured.map(({ argument }) => outputOf(argument))
  const name = `${frame.program.name}_loop_${frame.program.functions.length / 2}`
  const condition: GraphFunction = {
    name: `${name}_condition`,
    arguments: variables,
    nodes: conditionNodes,
    results: [goesOn],
  }
  const body: GraphFunction = {
    name: `${name}_body`,
    arguments: variables,
    nodes: bodyNodes,
    results: [...results, ...passed],
  }
  frame.program.functions.push(condition, body)
  return { functions: { condition, body }, outside: captured.map(({ outer }) => outer) }
}

function whileAttributes({
  condition,
  body,
}: {
  condition: GraphFunction
  body: GraphFunction
}): Record<string, Attribute> {
  const types = body.results.map(typeOf)
  return {
    T: { types: types.map(({ dataType }) => dataType) },
    output_shapes: { shapes: types.map(({ shape }) => shape) },
    cond: { function: condition.name },
    body: { function: body.name },
  }
}

/** Records one iteration, on symbolic tensors for the arguments of the body. */
function recordIteration<Carried extends TensorTree>(
  frame: Recording,
  initial: Carried,
  parameters: readonly GraphNode[],
  condition: Condition<Carried>,
  body: LoopBody<Carried>,
): RecordedIteration {
  const [iteration, ...carried] = parameters.map((parameter) => frame.symbolOf(parameter)) as [Scalar, ...Tensor[]]
  const given = withTensors(initial, carried)
  let recorded!: RecordedIteration
  tf.tidy(() => {
    const holds = condition && recordingTo(frame, () => frame.reference(condition(given, iteration)))
    const result = recordingTo(frame, () => body(given, iteration))
    recorded = { references: referencesOf(frame, given, result), holds }
  })
  tf.dispose([iteration, ...carried])
  return recorded
}

interface RecordedIteration {
  readonly references: readonly Reference[]
  /** The result of the condition, if there is one. */
  readonly holds: Reference | undefined
}

/** The references of the carried values, in the order of `given`. */
function referencesOf(frame: Recording, given: TensorTree, result: TensorTree): Reference[] {
  const [before, after] = [leavesOf(given), new Map(leavesOf(result))]
  if (after.size !== before.length || before.some(([path]) => !after.has(path))) {
    throw new CaptureRefused(
      `A loop's body gives ${after.size} tensors for ${before.length}; return what is carried, under the same names.`,
    )
  }
  return before.map(([path, tensor]) => {
    requireSameType(`the carried value ${path}`, tensorTypeOf(tensor), tensorTypeOf(after.get(path)!))
    return frame.reference(after.get(path)!)
  })
}

/** The smaller of the count and the limit that the program's check sets. */
function boundOf(recording: Recording, count: number): Reference {
  const limit = throughFrames(recording, outputOf(recording.program.iterationLimit()))
  const attributes = { T: { type: DataType.int32 } }
  return outputOf(
    recording.add('Minimum', [recording.constant(int32Value([count], [])), limit], attributes, [int32Scalar]),
  )
}

/** A node of the outermost recording, captured through every recording in between. */
function throughFrames(recording: Recording, outermost: Reference): Reference {
  return recording.parent ? recording.capture(throughFrames(recording.parent, outermost)) : outermost
}

const truthType = { dataType: DataType.bool, shape: [] }

function argumentsOf(types: readonly TensorType[]): GraphNode[] {
  return types.map((type, i) => ({
    name: `carried_${i}`,
    operator: 'Argument',
    inputs: [],
    controls: [],
    attributes: {},
    outputs: [type],
    fixed: false,
  }))
}

/** Copies of the tensors that share their data. They are made without tfjs's tape, so that no gradient passes. */
function detached<Tree extends TensorTree>(tree: Tree): Tree {
  return mapTensors(tree, (tensor) => {
    const { binding } = nativeBackend()
    const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: tensorTypeOf(tensor).dataType }
    return nativeBackend().executeSingleOutput('Identity', [type], [tensor]) as Tensor
  })
}

function detachedTidy<Tree extends TensorTree>(work: () => Tree): Tree {
  return tidyTree(() => detached(work()))
}

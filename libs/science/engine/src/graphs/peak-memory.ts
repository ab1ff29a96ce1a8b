import { bytesOf, type GraphFunction, type GraphNode, type TensorType } from './graph.ts'

/** Operators whose output is in the memory of their first input. */
const aliasingFirstInput = new Set(['Reshape', 'Identity', 'ExpandDims', 'Squeeze', 'StopGradient', 'PreventGradient'])

/** Operators that write over an input of equal size when nothing else needs it (`forward_input` in their kernels). */
const inPlace =
  /^(Add|AddV2|AddN|Sub|Mul|RealDiv|DivNoNan|Maximum|Minimum|Neg|Abs|Exp|Log|Log1p|Sqrt|Rsqrt|Square|Sigmoid|Tanh|Sign|Relu|Relu6|ReluGrad|Relu6Grad|Erf|Pow|BiasAdd|Softmax|LogSoftmax|Floor|Ceil|Round|Reciprocal|SquaredDifference|Select|SelectV2|ClipByValue)$/

/**
 * The most bytes of tensors that are live at once, if the operators run in the recorded order. A tensor is live from
 * the operator that makes it to the last one that reads it; state and inputs are live throughout. Memory that a kernel
 * uses while it runs is not counted, and TensorFlow may run operators in another order.
 */
export function peakBytes(
  nodes: readonly GraphNode[],
  functions: readonly GraphFunction[],
  state: readonly TensorType[],
): number {
  return sum(state.map(bytesOf)) + peakOf(nodes, new Map(functions.map((each) => [each.name, each])), new Set())
}

function peakOf(
  nodes: readonly GraphNode[],
  functions: ReadonlyMap<string, GraphFunction>,
  lasting: ReadonlySet<GraphNode>,
): number {
  const lastUse = lastUses(nodes)
  let [alive, peak] = [0, 0]
  nodes.forEach((node, at) => {
    const freed = [...new Set(node.inputs.map((input) => ownerOf(input.node)))].filter(
      (owner) => lastUse.get(owner) === at && !lasting.has(owner) && isCounted(owner),
    )
    const made = isCounted(node) ? sum(node.outputs.map(bytesOf)) : 0
    const isInPlace = inPlace.test(node.operator) && freed.some((owner) => sum(owner.outputs.map(bytesOf)) === made)
    const inside = insideOf(node, functions)
    peak = Math.max(peak, alive + (isInPlace ? 0 : made) + inside)
    alive += made - sum(freed.map((owner) => sum(owner.outputs.map(bytesOf))))
    if (!lastUse.has(node)) alive -= isCounted(node) && node.operator !== 'Placeholder' ? made : 0
  })
  return peak
}

/** The bytes that a loop's body needs beside its arguments. */
function insideOf(node: GraphNode, functions: ReadonlyMap<string, GraphFunction>): number {
  const body = node.attributes['body']
  const called = body && 'function' in body ? functions.get(body.function) : undefined
  return called ? peakOf(called.nodes, functions, new Set(called.results.map((result) => ownerOf(result.node)))) : 0
}

/** The index of the last node that needs each tensor's memory. An input's memory is needed throughout. */
function lastUses(nodes: readonly GraphNode[]): Map<GraphNode, number> {
  const last = new Map<GraphNode, number>()
  nodes.forEach((node, at) => {
    for (const { node: input } of node.inputs)
      if (ownerOf(input).operator !== 'Placeholder') last.set(ownerOf(input), at)
    if (/output_\d+$/.test(node.name)) for (const { node: input } of node.inputs) last.set(ownerOf(input), nodes.length)
  })
  return last
}

/** The node in whose memory a node's output is. */
function ownerOf(node: GraphNode): GraphNode {
  return aliasingFirstInput.has(node.operator) && node.inputs[0] ? ownerOf(node.inputs[0].node) : node
}

/** Whether a node's outputs are counted here. Arguments and state are counted where they are made. */
function isCounted({ operator }: GraphNode): boolean {
  return (
    !aliasingFirstInput.has(operator) &&
    operator !== 'ReadVariableOp' &&
    operator !== 'VarHandleOp' &&
    operator !== 'Argument'
  )
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

import { DataType, sameType, typeOf, type Attribute, type Graph, type GraphNode, type Reference } from './graph.ts'
import { rewritten } from './graph-rewriting.ts'

/** What an operator that does several things is made of: the convolution it begins with, and how it is called then. */
const beginnings: Readonly<Record<string, string>> = {
  Conv2D: '_FusedConv2D',
  DepthwiseConv2dNative: '_FusedDepthwiseConv2dNative',
  MatMul: '_FusedMatMul',
}

const activations = new Set(['Relu', 'Relu6'])

/**
 * The graph with each convolution joined with what is done to its result alone: a bias or a batch norm's statistics, an image that is added, an activation. oneDNN does these while
 * it has the result in its registers. TensorFlow's own rewriter (remapper.cc) does the same and more, and takes longer for it than all else that compiles a program.
 * Only for CPUs with oneDNN, and only float32.
 */
export function withJoinedOperators(graph: Graph): Graph {
  const uses = usesIn(graph)
  const joined = new Set<GraphNode>()
  const { nodes, functions } = rewritten(graph, (node, _scope, original) => {
    for (const [place, { node: before }] of original.inputs.entries()) {
      const beginning = uses.get(before) === 1 ? node.inputs[place]! : undefined
      const whole = beginning && joinedWith(beginning, node, place)
      if (!whole) continue
      joined.add(beginning.node)
      return [whole]
    }
    return [node]
  })
  const remaining = (list: readonly GraphNode[]) => list.filter((node) => !joined.has(node))
  return { nodes: remaining(nodes), functions: functions.map((each) => ({ ...each, nodes: remaining(each.nodes) })) }
}

/** What joins one operator to the one whose result is its input at `place`; undefined where they stay apart. */
function joinedWith({ node: before, output }: Reference, node: GraphNode, place: number): GraphNode | undefined {
  if (output !== 0 || !isSingle(before) || !isSingle(node) || before.controls.length + node.controls.length > 0) return
  const others = node.inputs.filter((_, i) => i !== place)
  const done = stepsOf(before)
  if (done.length === 0 && place === 0 && isBegun(before)) {
    if (node.operator === 'BiasAdd') return whole(before, node, ['BiasAdd'], others)
    if (before.operator === 'Conv2D' && normalisesByStatistics(node)) return whole(before, node, ['FusedBatchNorm'], others)
  }
  if (done.length === 0) return
  const isConvolution = before.operator === beginnings['Conv2D']
  if (isConvolution && done.join() === 'BiasAdd' && isSum(node)) return whole(before, node, [...done, 'Add'], others)
  if (activations.has(node.operator) && !activations.has(done.at(-1)!)) return whole(before, node, [...done, node.operator], [])
  return
}

/** The operator that does all `steps`, in place of the last; `others` are inputs beside those it has. */
function whole(before: GraphNode, last: GraphNode, steps: readonly string[], others: readonly Reference[]): GraphNode {
  const inputs = [...before.inputs, ...others]
  const count = inputs.length - 2
  const operator = beginnings[before.operator] ?? before.operator
  const types = { TArgs: { types: Array<number>(count).fill(DataType.float32) }, num_host_args: { integer: 0 } }
  const attributes: Record<string, Attribute> = {
    ...before.attributes,
    ...(operator === beginnings['Conv2D'] && types),
    ...(last.attributes['epsilon'] && { epsilon: last.attributes['epsilon'] }),
    num_args: { integer: count },
    fused_ops: { texts: steps },
  }
  return { ...last, operator, inputs, attributes, outputs: [typeOf({ node: last, output: 0 })] }
}

/** What an operator already does beside the convolution. */
function stepsOf({ attributes: { fused_ops } }: GraphNode): readonly string[] {
  return fused_ops && 'texts' in fused_ops ? fused_ops.texts : []
}

/** A depthwise convolution loses a padding by numbers when it is joined. */
function isBegun({ operator, attributes: { padding } }: GraphNode): boolean {
  const isPaddedByNumbers = padding !== undefined && 'text' in padding && padding.text === 'EXPLICIT'
  return operator in beginnings && !(operator === 'DepthwiseConv2dNative' && isPaddedByNumbers)
}

function normalisesByStatistics({ operator, attributes: { is_training } }: GraphNode): boolean {
  return operator === 'FusedBatchNormV3' && is_training !== undefined && 'truth' in is_training && !is_training.truth
}

/** oneDNN writes the sum over the image that is added, which therefore must be as large. */
function isSum({ operator, inputs, outputs: [sum] }: GraphNode): boolean {
  return /^Add(V2)?$/.test(operator) && inputs.every((input) => sameType(typeOf(input), sum!))
}

function isSingle({ attributes: { T } }: GraphNode): boolean {
  return T !== undefined && 'type' in T && T.type === DataType.float32
}

/** How often each node is taken, as an input, to be waited for, or as a function's result. */
function usesIn({ nodes, functions }: Graph): ReadonlyMap<GraphNode, number> {
  const uses = new Map<GraphNode, number>()
  const count = (node: GraphNode) => uses.set(node, (uses.get(node) ?? 0) + 1)
  for (const list of [nodes, ...functions.map((each) => each.nodes)]) {
    for (const { inputs, controls } of list) {
      for (const { node } of inputs) count(node)
      controls.forEach(count)
    }
  }
  for (const { results } of functions) for (const { node } of results) count(node)
  return uses
}

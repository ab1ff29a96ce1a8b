import {
  countsOf,
  DataType,
  isFloat32,
  outputOf,
  sameType,
  typeOf,
  type Attribute,
  type Graph,
  type GraphNode,
  type Reference,
} from './graph.ts'
import { rewritten } from './graph-rewriting.ts'

/** The operators that a fused operator can begin with, and the name of that fused operator. */
const fusedNames: Readonly<Record<string, string>> = {
  Conv2D: '_FusedConv2D',
  DepthwiseConv2dNative: '_FusedDepthwiseConv2dNative',
  MatMul: '_FusedMatMul',
}

const activations = new Set(['Relu', 'Relu6'])

/**
 * The graph with each convolution or matrix product fused with the operators that follow it and that alone read its
 * result: a bias or a batch norm by statistics, an image that is added, an activation. oneDNN computes these while the
 * result is in registers. x σ(x) is fused with its sigmoid too, where no gradient needs the sigmoid. TensorFlow's own
 * rewriter (remapper.cc) does this and more, and takes longer for it than all else that compiles a program. Only for
 * CPUs with oneDNN, and only for float32.
 */
export function withFusedOperators(graph: Graph): Graph {
  const uses = usesIn(graph)
  const fused = new Set<GraphNode>()
  const { nodes, functions } = rewritten(graph, (node, _scope, original) => {
    for (const [place, { node: before }] of original.inputs.entries()) {
      const beginning = uses.get(before) === 1 ? node.inputs[place]! : undefined
      const whole = beginning && (fusedWith(beginning, node, place) ?? swish(beginning.node, node, place))
      if (!whole) continue
      fused.add(beginning.node)
      return [whole]
    }
    return [node]
  })
  const remaining = (list: readonly GraphNode[]) => list.filter((node) => !fused.has(node))
  return { nodes: remaining(nodes), functions: functions.map((each) => ({ ...each, nodes: remaining(each.nodes) })) }
}

/** The node fused with the one whose result is its input at `place`; undefined where they cannot be fused. */
function fusedWith({ node: before, output }: Reference, node: GraphNode, place: number): GraphNode | undefined {
  if (output !== 0 || !isFloat32(before) || !isFloat32(node) || before.controls.length + node.controls.length > 0)
    return
  const step = stepAfter(before, node, place)
  if (!step) return
  const inputs = [...before.inputs, ...node.inputs.filter((_, i) => i !== place)]
  const count = inputs.length - 2
  const operator = fusedNames[before.operator] ?? before.operator
  const types = { TArgs: { types: Array<number>(count).fill(DataType.float32) }, num_host_args: { integer: 0 } }
  const attributes: Record<string, Attribute> = {
    ...before.attributes,
    ...(operator === fusedNames['Conv2D'] && types),
    ...(node.attributes['epsilon'] && { epsilon: node.attributes['epsilon'] }),
    num_args: { integer: count },
    fused_ops: { texts: [...stepsOf(before), step] },
  }
  return { ...node, operator, inputs, attributes, outputs: [typeOf(outputOf(node))] }
}

/** x σ(x) as one operator, from the sigmoid and the product. */
function swish(sigmoid: GraphNode, product: GraphNode, place: number): GraphNode | undefined {
  if (sigmoid.operator !== 'Sigmoid' || product.operator !== 'Mul' || !isFloat32(sigmoid)) return
  if (sigmoid.controls.length + product.controls.length > 0) return
  const [x, factor] = [sigmoid.inputs[0]!, product.inputs[1 - place]!]
  return x.node === factor.node && x.output === factor.output
    ? { ...product, operator: '_MklSwish', inputs: [x] }
    : undefined
}

/** The name of an operator as a step that is fused after others; undefined where it cannot be. */
function stepAfter(before: GraphNode, node: GraphNode, place: number): string | undefined {
  const done = stepsOf(before)
  if (done.length === 0) {
    if (place > 0 || !isBegun(before)) return
    if (node.operator === 'BiasAdd') return 'BiasAdd'
    return before.operator === 'Conv2D' && normalisesByStatistics(node) ? 'FusedBatchNorm' : undefined
  }
  if (activations.has(node.operator)) return activations.has(done.at(-1)!) ? undefined : node.operator
  return before.operator === fusedNames['Conv2D'] && done.join() === 'BiasAdd' && isSum(node) ? 'Add' : undefined
}

/** The steps that are fused with an operator already. */
function stepsOf({ attributes: { fused_ops } }: GraphNode): readonly string[] {
  return fused_ops && 'texts' in fused_ops ? fused_ops.texts : []
}

/** Whether an operator can begin a fused one. A fused depthwise convolution would lose explicit padding. */
function isBegun({ operator, attributes: { padding } }: GraphNode): boolean {
  const isPaddedByNumbers = padding !== undefined && 'text' in padding && padding.text === 'EXPLICIT'
  return operator in fusedNames && !(operator === 'DepthwiseConv2dNative' && isPaddedByNumbers)
}

function normalisesByStatistics({ operator, attributes: { is_training } }: GraphNode): boolean {
  return operator === 'FusedBatchNormV3' && is_training !== undefined && 'truth' in is_training && !is_training.truth
}

/** Whether an operator adds two images of equal size. oneDNN writes the sum over the image that is added. */
function isSum({ operator, inputs, outputs: [sum] }: GraphNode): boolean {
  return /^Add(V2)?$/.test(operator) && inputs.every((input) => sameType(typeOf(input), sum!))
}

/** How often each node is used: as an input, as a control dependency, or as a function's result. */
function usesIn({ nodes, functions }: Graph): ReadonlyMap<GraphNode, number> {
  const lists = [nodes, ...functions.map((each) => each.nodes)]
  const taken = lists.flat().flatMap(({ inputs, controls }) => [...inputs.map(({ node }) => node), ...controls])
  return countsOf([...taken, ...functions.flatMap(({ results }) => results.map(({ node }) => node))])
}

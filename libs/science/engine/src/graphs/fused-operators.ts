import { geluOf, layerNormalisationOf, type ComposedLayer } from './composed-layers.ts'
import {
  countsOf,
  DataType,
  isFloat32,
  outputOf,
  sameReference,
  sameType,
  typeOf,
  type Attribute,
  type Graph,
  type GraphNode,
  type Reference,
} from './graph.ts'
import { rewritten, type NodeRewriting } from './graph-rewriting.ts'

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
 * result is in registers. GELU is fused with its product, x σ(x) with its sigmoid, and layer normalisation is one
 * operator, where no gradient needs what they compute in between. TensorFlow's own rewriter (remapper.cc) does this and
 * more, and takes longer for it than all else that compiles a program. Only for CPUs with oneDNN, and only for float32.
 */
export function withFusedOperators(graph: Graph): Graph {
  const fusion = new Fusion(usesIn(graph))
  const { nodes, functions } = rewritten(graph, (node, _scope, original, now) => fusion.rewrite(node, original, now))
  const remaining = (list: readonly GraphNode[]) => list.filter((node) => !fusion.fused.has(node))
  return { nodes: remaining(nodes), functions: functions.map((each) => ({ ...each, nodes: remaining(each.nodes) })) }
}

class Fusion {
  /** Nodes of the new graph that became part of others. */
  readonly fused = new Set<GraphNode>()

  /** `uses`: how often each node of the graph is read. */
  constructor(private readonly uses: ReadonlyMap<GraphNode, number>) {}

  /** What replaces a node (`NodeRewriting`). */
  rewrite(node: GraphNode, original: GraphNode, now: Now): readonly GraphNode[] {
    return this.joined(node, original) ?? this.activated(original, now) ?? this.normalised(original, now) ?? [node]
  }

  /** A node fused with one that it reads. */
  private joined(node: GraphNode, original: GraphNode): GraphNode[] | undefined {
    for (const [place, input] of original.inputs.entries()) {
      if (this.uses.get(input.node) !== 1) continue
      const before = node.inputs[place]!
      const whole = fusedWith(before, node, place) ?? swish(before.node, node, place)
      if (!whole) continue
      this.fused.add(before.node)
      return [whole]
    }
    return undefined
  }

  /** An activation of a product with its bias, which may be reshaped in between. */
  private activated(original: GraphNode, now: Now): GraphNode[] | undefined {
    const gelu = geluOf(original)
    const [x, reads, step] = gelu
      ? [gelu.inputs[0]!, 2, 'GeluExact']
      : [activations.has(original.operator) ? original.inputs[0] : undefined, 1, original.operator]
    if (!x || this.uses.get(x.node) !== reads || (gelu && !this.isAlone(gelu))) return undefined
    const given = now(x.node)
    const reshape = given.operator === 'Reshape' && this.uses.get(x.node.inputs[0]!.node) === 1 ? given : undefined
    const product = reshape ? reshape.inputs[0]!.node : given
    if (product.operator !== fusedNames['MatMul'] || stepsOf(product).join() !== 'BiasAdd') return undefined
    for (const part of [given, product, ...partsOf(gelu, now)]) this.fused.add(part)
    const whole = { ...product, attributes: { ...product.attributes, fused_ops: { texts: ['BiasAdd', step] } } }
    return reshape ? [whole, { ...reshape, inputs: [outputOf(whole), reshape.inputs[1]!] }] : [whole]
  }

  /** A layer normalisation as one operator. */
  private normalised(original: GraphNode, now: Now): GraphNode[] | undefined {
    const layer = layerNormalisationOf(original)
    if (!layer || !this.isAlone(layer)) return undefined
    for (const part of partsOf(layer, now)) this.fused.add(part)
    const inputs = layer.inputs.map(({ node, output }) => ({ node: now(node), output }))
    const attributes = { T: { type: DataType.float32 }, epsilon: { real: layer.epsilon } }
    return [{ ...original, operator: '_MklLayerNorm', inputs, attributes }]
  }

  /** Whether nothing else reads what a layer computes in between. */
  private isAlone({ inner }: ComposedLayer): boolean {
    return inner.every(([node, reads]) => this.uses.get(node) === reads && node.controls.length === 0)
  }
}

/** Gives what an original became. */
type Now = Parameters<NodeRewriting>[3]

function partsOf(layer: ComposedLayer | undefined, now: Now): GraphNode[] {
  return (layer?.inner ?? []).map(([node]) => now(node))
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
  return sameReference(x, factor) ? { ...product, operator: '_MklSwish', inputs: [x] } : undefined
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

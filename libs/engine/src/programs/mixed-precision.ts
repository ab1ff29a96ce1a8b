import { DataType, typeOf, type Graph, type GraphNode, type Reference } from './graph.ts'
import { rewritten, type RewritingScope } from './graph-rewriting.ts'

/** The inputs that are factors of a product; the others are sizes. */
const factors: Readonly<Record<string, readonly number[]>> = {
  MatMul: [0, 1],
  BatchMatMulV2: [0, 1],
  Conv2D: [0, 1],
  Conv2DBackpropInput: [1, 2],
  Conv2DBackpropFilter: [0, 2],
  DepthwiseConv2dNative: [0, 1],
  DepthwiseConv2dNativeBackpropInput: [1, 2],
  DepthwiseConv2dNativeBackpropFilter: [0, 2],
}

/**
 * The graph with the factors of matrix products and convolutions rounded to bfloat16, which has float32's range: no loss scaling is needed, and gradients do not
 * underflow. Their sums are rounded to it once; everything else, the state included, stays float32.
 */
export function inBfloat16(graph: Graph): Graph {
  return rewritten(graph, (node, scope) => {
    const places = factors[node.operator]
    const type = node.attributes['T']
    if (!places || !type || !('type' in type) || type.type !== DataType.float32) return [node]
    const casts: GraphNode[] = []
    const inputs = node.inputs.map((input, i) => (places.includes(i) ? rounded(input, casts, scope) : input))
    const outputs = node.outputs.map(({ shape }) => ({ shape, dataType: DataType.bfloat16 }))
    const product = {
      ...node,
      name: `${node.name}_in_bfloat16`,
      inputs,
      outputs,
      attributes: { ...node.attributes, T: { type: DataType.bfloat16 } },
    }
    return [...casts, product, cast(node.name, { node: product, output: 0 }, DataType.bfloat16, DataType.float32)]
  })
}

/** A factor in bfloat16; it is rounded once for all products. */
function rounded(factor: Reference, casts: GraphNode[], scope: RewritingScope): Reference {
  const key = `${factor.node.name}:${factor.output}`
  const known = scope.get(key)
  if (known) return known
  const name = `${factor.node.name}_${factor.output}_rounded`
  casts.push(cast(name, factor, DataType.float32, DataType.bfloat16))
  const reference = { node: casts.at(-1)!, output: 0 }
  scope.set(key, reference)
  return reference
}

function cast(name: string, input: Reference, from: number, to: number): GraphNode {
  return {
    name,
    operator: 'Cast',
    inputs: [input],
    controls: [],
    attributes: { SrcT: { type: from }, DstT: { type: to }, Truncate: { truth: false } },
    outputs: [{ dataType: to, shape: typeOf(input).shape }],
    fixed: input.node.fixed,
  }
}

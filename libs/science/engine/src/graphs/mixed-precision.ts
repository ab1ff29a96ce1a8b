import {
  DataType,
  isFloat32,
  outputOf,
  typeOf,
  type Attribute,
  type Graph,
  type GraphNode,
  type Reference,
  type TensorType,
} from './graph.ts'
import { rewritten, type RewritingScope } from './graph-rewriting.ts'

/**
 * An operator that computes products. `factors`: which of its inputs are factors (the others are sizes). `terms`: how
 * many products one element of its result sums.
 */
interface Product {
  readonly factors: readonly [number, number]
  terms(shapes: readonly [Shape, Shape], attributes: GraphNode['attributes']): number
}

type Shape = readonly number[]

const size = (shape: Shape) => shape.reduce((product, each) => product * each, 1)
const isTrue = (attribute: Attribute | undefined) => attribute !== undefined && 'truth' in attribute && attribute.truth
const perLast = (shape: Shape) => size(shape) / shape.at(-1)!

/**
 * Filters are [height, width, in, out], depthwise ones [height, width, channels, multiplier]. Gradients are [batch,
 * height, width, out].
 */
const products: Readonly<Record<string, Product>> = {
  MatMul: { factors: [0, 1], terms: ([a], { transpose_a }) => a.at(isTrue(transpose_a) ? -2 : -1)! },
  BatchMatMulV2: { factors: [0, 1], terms: ([a], { adj_x }) => a.at(isTrue(adj_x) ? -2 : -1)! },
  Conv2D: { factors: [0, 1], terms: ([, filter]) => perLast(filter) },
  Conv2DBackpropInput: { factors: [1, 2], terms: ([filter]) => size(filter) / filter[2]! },
  Conv2DBackpropFilter: { factors: [0, 2], terms: ([, gradient]) => perLast(gradient) },
  DepthwiseConv2dNative: { factors: [0, 1], terms: ([, filter]) => filter[0]! * filter[1]! },
  DepthwiseConv2dNativeBackpropInput: { factors: [1, 2], terms: ([filter]) => size(filter) / filter[2]! },
  DepthwiseConv2dNativeBackpropFilter: { factors: [0, 2], terms: ([, gradient]) => perLast(gradient) },
}

/**
 * The graph with the factors of matrix products and convolutions rounded to bfloat16, and their results too. bfloat16
 * has float32's range, so that no loss scaling is needed and gradients do not underflow. Everything else stays float32,
 * the state included.
 */
export function inBfloat16(graph: Graph): Graph {
  return withProducts(graph, (node, { factors }, scope) => {
    const [type, casts] = [DataType.bfloat16, [] as GraphNode[]]
    const inputs = node.inputs.map((input, i) => (factors.includes(i) ? rounded(input, type, casts, scope) : input))
    const product = inType(node, type, inputs)
    return [...casts, product, cast(node.name, product, DataType.float32)]
  })
}

/**
 * Sums must stay below this power of two. float16 ends at 2^16, and the scale of each of the two factors may be off by
 * one power.
 */
const largestSum = 13

/**
 * The graph with the factors and results of products in float16, for GPUs without bfloat16. Its range is small, so
 * every factor is divided by a power of two of its own, chosen by its largest element so that no sum can overflow, and
 * the result is multiplied back in float32. Loss scaling (Micikevicius et al., arXiv:1710.03740, section 3.2) does that
 * once for all gradients, and has to search for its scale. Here even the smallest gradient keeps eleven bits, also in
 * attacks, whose loss cannot be scaled.
 */
export function inFloat16(graph: Graph): Graph {
  return withProducts(graph, (node, { factors: [one, other], terms }, scope) => {
    const [type, made] = [DataType.float16, [] as GraphNode[]]
    const shapes = [typeOf(node.inputs[one]!).shape, typeOf(node.inputs[other]!).shape] as const
    const exponent = Math.floor((largestSum - Math.ceil(Math.log2(terms(shapes, node.attributes)))) / 2)
    const scales = [one, other].map((place) => scaleOf(node.inputs[place]!, exponent, made, scope))
    const inputs = [...node.inputs]
    ;[one, other].forEach((place, i) => (inputs[place] = scaledDown(node.inputs[place]!, scales[i]!, made, scope)))
    const product = inType(node, type, inputs)
    const [sum, scale] = [
      cast(`${node.name}_sum`, product, DataType.float32),
      binary(`${node.name}_scale`, 'Mul', scales[0]!, scales[1]!),
    ]
    return [...made, product, sum, scale, binary(node.name, 'Mul', outputOf(sum), outputOf(scale))]
  })
}

/** Gives the nodes that replace a product. The last of them gives its result in float32. */
type Replacement = (node: GraphNode, product: Product, scope: RewritingScope) => readonly GraphNode[]

function withProducts(graph: Graph, replacement: Replacement): Graph {
  return rewritten(graph, (node, scope) => {
    const product = products[node.operator]
    return product && isFloat32(node) ? replacement(node, product, scope) : [node]
  })
}

function inType(node: GraphNode, type: number, inputs: Reference[]): GraphNode {
  const outputs = node.outputs.map(({ shape }) => ({ shape, dataType: type }))
  return { ...node, name: `${node.name}_low`, inputs, outputs, attributes: { ...node.attributes, T: { type } } }
}

/** A factor in another type. It is rounded once for all products that read it. */
function rounded(factor: Reference, type: number, made: GraphNode[], scope: RewritingScope): Reference {
  return once(`${nameOf(factor)}_rounded`, made, scope, (name) => [cast(name, factor.node, type, factor.output)])
}

/** The power of two by which to divide a factor, so that its largest element is at most 2^exponent. */
function scaleOf(factor: Reference, exponent: number, made: GraphNode[], scope: RewritingScope): Reference {
  const power = once(`${nameOf(factor)}_power`, made, scope, (name) => powerOfTwoAbove(name, factor))
  return once(`${nameOf(factor)}_scale_${exponent < 0 ? `m${-exponent}` : exponent}`, made, scope, (name) => {
    const share = constant(`${name}_share`, Float32Array.of(2 ** -exponent))
    return [share, binary(name, 'Mul', power, outputOf(share))]
  })
}

function scaledDown(factor: Reference, scale: Reference, made: GraphNode[], scope: RewritingScope): Reference {
  return once(`${nameOf(factor)}_by_${nameOf(scale)}`, made, scope, (name) => {
    const quotient = binary(`${name}_quotient`, 'RealDiv', factor, scale)
    return [quotient, cast(name, quotient, DataType.float16)]
  })
}

/** A tensor whose elements are all below this counts as zeros. */
const least = 2 ** -120

/** The least power of two that no absolute value exceeds. */
function powerOfTwoAbove(name: string, x: Reference): GraphNode[] {
  const axes = typeOf(x).shape.map((_, axis) => axis)
  const scalar = { dataType: DataType.float32, shape: [] }
  const [all, bound, bitsOfE, two] = [
    constant(`${name}_axes`, Int32Array.from(axes), [axes.length]),
    constant(`${name}_least`, Float32Array.of(least)),
    constant(`${name}_bits`, Float32Array.of(Math.LOG2E)),
    constant(`${name}_two`, Float32Array.of(2)),
  ]
  const absolute = float32(`${name}_absolute`, 'Abs', [x], typeOf(x))
  const largest = float32(`${name}_largest`, 'Max', [outputOf(absolute), outputOf(all)], scalar)
  Object.assign(largest.attributes, { Tidx: { type: DataType.int32 }, keep_dims: { truth: false } })
  const bounded = binary(`${name}_bounded`, 'Maximum', outputOf(largest), outputOf(bound))
  const logarithm = float32(`${name}_logarithm`, 'Log', [outputOf(bounded)], scalar)
  const bits = binary(`${name}_of_bits`, 'Mul', outputOf(logarithm), outputOf(bitsOfE))
  const whole = float32(`${name}_whole`, 'Ceil', [outputOf(bits)], scalar)
  const power = binary(name, 'Pow', outputOf(two), outputOf(whole))
  return [all, bound, bitsOfE, two, absolute, largest, bounded, logarithm, bits, whole, power]
}

/** The last of the nodes that `make` gives. They are made once for each name in this list of nodes. */
function once(name: string, made: GraphNode[], scope: RewritingScope, make: (name: string) => GraphNode[]): Reference {
  const known = scope.get(name)
  if (known) return known
  made.push(...make(name))
  const reference = outputOf(made.at(-1)!)
  scope.set(name, reference)
  return reference
}

function float32(name: string, operator: string, inputs: Reference[], { shape }: TensorType): GraphNode {
  const outputs = [{ dataType: DataType.float32, shape }]
  const fixed = inputs.every(({ node }) => node.fixed)
  return { name, operator, inputs, controls: [], attributes: { T: { type: DataType.float32 } }, outputs, fixed }
}

/** An operator of a tensor and a scalar, or of two scalars. */
function binary(name: string, operator: string, x: Reference, scalar: Reference): GraphNode {
  return float32(name, operator, [x, scalar], typeOf(x))
}

function constant(name: string, values: Float32Array | Int32Array, shape: readonly number[] = []): GraphNode {
  const dataType = values instanceof Float32Array ? DataType.float32 : DataType.int32
  const value = { constant: { dataType, shape, content: new Uint8Array(values.buffer) } }
  return { name, operator: 'Const', inputs: [], controls: [], attributes: { dtype: { type: dataType }, value }, outputs: [{ dataType, shape }], fixed: true } // prettier-ignore
}

function cast(name: string, node: GraphNode, to: number, output = 0): GraphNode {
  const input = { node, output }
  const attributes = { SrcT: { type: typeOf(input).dataType }, DstT: { type: to }, Truncate: { truth: false } }
  return { name, operator: 'Cast', inputs: [input], controls: [], attributes, outputs: [{ ...typeOf(input), dataType: to }], fixed: node.fixed } // prettier-ignore
}

function nameOf({ node, output }: Reference): string {
  return `${node.name}_${output}`
}

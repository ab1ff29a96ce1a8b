import {
  DataType,
  outputOf,
  typeOf,
  type Attribute,
  type Graph,
  type GraphNode,
  type Reference,
  type TensorType,
} from '../graphs/graph.ts'
import { rewritten } from '../graphs/graph-rewriting.ts'

/**
 * The graph without the operators that TensorFlow has and XLA has not, by others that give the same numbers: pooling
 * with padding, and complex numbers. No operators may be fused yet.
 */
export function withXlaOperators(graph: Graph): Graph {
  return rewritten(graph, (node) => {
    // A copy of its own is for memory that TensorFlow would share. XLA knows whose memory is whose.
    if (node.operator === 'DeepCopy') return [{ ...node, operator: 'Identity' }]
    return paddedPooling(node) ?? withoutComplexNumbers(node) ?? [node]
  })
}

/** `MaxPool` with explicit padding: the padding before, by what is the maximum of nothing. */
function paddedPooling(node: GraphNode): readonly GraphNode[] | undefined {
  const { explicit_paddings: sides, padding } = node.attributes
  if (node.operator !== 'MaxPool' || !sides || !('integers' in sides) || !padding || !('text' in padding)) return
  if (padding.text !== 'EXPLICIT') return
  const image = node.inputs[0]!
  const pairs = Int32Array.from(sides.integers)
  const lowest = constant(`${node.name}_lowest`, Float32Array.of(-Infinity), [])
  const around = constant(`${node.name}_sides`, pairs, [pairs.length / 2, 2])
  const { dataType, shape } = typeOf(image)
  const grown = { dataType, shape: shape.map((size, axis) => size + pairs[2 * axis]! + pairs[2 * axis + 1]!) }
  const attributes = { T: { type: dataType }, Tpaddings: { type: DataType.int32 } }
  const padded = made(`${node.name}_padded`, 'PadV2', [image, outputOf(around), outputOf(lowest)], attributes, grown)
  const unpadded = { ...node.attributes, padding: { text: 'VALID' }, explicit_paddings: { integers: [] } }
  return [lowest, around, padded, { ...node, inputs: [outputOf(padded)], attributes: unpadded }]
}

/**
 * The operators on complex numbers that layers use (`rotatePairs`), on pairs of real numbers instead: a tensor of
 * complex numbers becomes one with a last axis of two, which is what `Bitcast` makes it of.
 */
function withoutComplexNumbers(node: GraphNode): readonly GraphNode[] | undefined {
  const { operator, attributes, inputs } = node
  if (operator === 'Bitcast' && (isComplex(attributes['T']) || isComplex(attributes['type']))) {
    const type = typeOf(inputs[0]!)
    return [{ ...node, operator: 'Identity', attributes: { T: { type: type.dataType } }, outputs: [type] }]
  }
  if (!isComplex(attributes['T'])) return
  if (operator === 'Conj') return conjugate(node)
  if (operator === 'Mul') return complexProduct(node)
  throw new TypeError(`XLA has no form of ${operator} on complex numbers here; add one to xla-operators.ts.`)
}

function conjugate({ name, inputs: [x] }: GraphNode): readonly GraphNode[] {
  const signs = constant(`${name}_signs`, Float32Array.of(1, -1), [2])
  return [signs, real(name, 'Mul', [x!, outputOf(signs)], typeOf(x!))]
}

/** (a₀ b₀ − a₁ b₁, a₀ b₁ + a₁ b₀). */
function complexProduct({ name, inputs: [a, b], outputs }: GraphNode): readonly GraphNode[] {
  const { shape } = outputs[0]!
  const [ofA, ofB] = [partsOf(`${name}_a`, a!), partsOf(`${name}_b`, b!)]
  const half = { dataType: DataType.float32, shape: [...shape, 1] }
  const product = (i: 0 | 1, j: 0 | 1) =>
    real(`${name}_${i}${j}`, 'Mul', [outputOf(ofA.parts[i]), outputOf(ofB.parts[j])], half)
  const products = { p00: product(0, 0), p11: product(1, 1), p01: product(0, 1), p10: product(1, 0) }
  const { p00, p11, p01, p10 } = products
  const first = real(`${name}_real`, 'Sub', [outputOf(p00), outputOf(p11)], half)
  const second = real(`${name}_imaginary`, 'AddV2', [outputOf(p01), outputOf(p10)], half)
  const axis = constant(`${name}_axis`, Int32Array.of(shape.length), [])
  const attributes = { T: { type: DataType.float32 }, Tidx: { type: DataType.int32 }, N: { integer: 2 } }
  const inputs = [outputOf(first), outputOf(second), outputOf(axis)]
  const whole = made(name, 'ConcatV2', inputs, attributes, { dataType: DataType.float32, shape: [...shape, 2] })
  return [...ofA.nodes, ...ofB.nodes, ...Object.values(products), first, second, axis, whole]
}

/** The real and the imaginary part of every pair, with a last axis of one. */
function partsOf(name: string, x: Reference): { nodes: GraphNode[]; parts: readonly [GraphNode, GraphNode] } {
  const { shape } = typeOf(x)
  const size = constant(`${name}_size`, Int32Array.from([...shape.slice(0, -1), 1]), [shape.length])
  const attributes = { T: { type: DataType.float32 }, Index: { type: DataType.int32 } }
  const taken = [0, 1].map((part) => {
    const begin = constant(`${name}_begin_${part}`, Int32Array.from(shape, (_, axis) => (axis === shape.length - 1 ? part : 0)), [shape.length]) // prettier-ignore
    const type = { dataType: DataType.float32, shape: [...shape.slice(0, -1), 1] }
    const slice = made(`${name}_${part}`, 'Slice', [x, outputOf(begin), outputOf(size)], attributes, type)
    return { begin, slice }
  })
  const parts = taken.map(({ slice }) => slice) as [GraphNode, GraphNode]
  return { nodes: [size, ...taken.flatMap(({ begin, slice }) => [begin, slice])], parts }
}

function isComplex(attribute: Attribute | undefined): boolean {
  return attribute !== undefined && 'type' in attribute && attribute.type === DataType.complex64
}

function real(name: string, operator: string, inputs: Reference[], type: TensorType): GraphNode {
  return made(name, operator, inputs, { T: { type: DataType.float32 } }, type)
}

function made(
  name: string,
  operator: string,
  inputs: Reference[],
  attributes: Record<string, Attribute>,
  type: TensorType,
): GraphNode {
  const fixed = inputs.every(({ node }) => node.fixed)
  return { name, operator, inputs, controls: [], attributes, outputs: [type], fixed }
}

function constant(name: string, values: Float32Array | Int32Array, shape: readonly number[]): GraphNode {
  const dataType = values instanceof Float32Array ? DataType.float32 : DataType.int32
  const value = { dataType, shape, content: new Uint8Array(values.buffer) }
  const attributes = { dtype: { type: dataType }, value: { constant: value } }
  return { name, operator: 'Const', inputs: [], controls: [], attributes, outputs: [value], fixed: true }
}

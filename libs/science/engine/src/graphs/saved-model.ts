import type { Attribute, ConstantValue, Graph, GraphFunction, GraphNode, Reference, TensorType } from './graph.ts'
import { DataType } from './graph.ts'
import { outputName } from './operator-outputs.ts'
import { ProtocolBuffer } from './protocol-buffer.ts'

/** The tag of the only graph of a SavedModel. */
export const servingTag = 'serve'

/** The version of graphs whose operators all belong to TensorFlow 2 (`producer`, tensorflow/core/public/version.h). */
const graphVersion = 2000

/**
 * The bytes of `saved_model.pb` (tensorflow/core/protobuf/saved_model.proto and meta_graph.proto). The numbers here are
 * fields of those messages.
 */
export function savedModelOf(graph: Graph): Uint8Array {
  const definition = graphDefinition(graph.nodes).message(2, libraryOf(graph.functions))
  const metaGraph = new ProtocolBuffer().message(1, new ProtocolBuffer().text(4, servingTag)).message(2, definition)
  return new ProtocolBuffer().integer(1, 1).message(2, metaGraph).finish()
}

/** GraphDef (graph.proto) without functions. */
export function graphDefinition(nodes: readonly GraphNode[]): ProtocolBuffer {
  const definition = new ProtocolBuffer()
  for (const node of nodes) definition.message(1, nodeDefinition(node, inGraph))
  return definition.message(4, new ProtocolBuffer().integer(1, graphVersion))
}

/** FunctionDefLibrary (function.proto). */
export function libraryOf(functions: readonly GraphFunction[]): ProtocolBuffer {
  const library = new ProtocolBuffer()
  for (const each of functions) library.message(1, functionDefinition(each))
  return library
}

/** NodeDef (node_def.proto). */
function nodeDefinition(node: GraphNode, nameOf: (reference: Reference) => string): ProtocolBuffer {
  const definition = new ProtocolBuffer().text(1, node.name).text(2, node.operator)
  for (const input of node.inputs) definition.text(3, nameOf(input))
  for (const control of node.controls) definition.text(3, `^${control.name}`)
  for (const [name, value] of Object.entries(node.attributes)) definition.entry(5, name, attributeValue(value))
  return definition
}

/** FunctionDef (function.proto); its signature is an OpDef (op_def.proto). */
function functionDefinition({ name, arguments: parameters, nodes, results }: GraphFunction): ProtocolBuffer {
  const signature = new ProtocolBuffer().text(1, name)
  for (const parameter of parameters) signature.message(2, argumentDefinition(parameter.name, parameter.outputs[0]!))
  results.forEach(({ node, output }, i) =>
    signature.message(3, argumentDefinition(`result_${i}`, node.outputs[output]!)),
  )
  const definition = new ProtocolBuffer().message(1, signature)
  for (const node of nodes) definition.message(3, nodeDefinition(node, inFunction))
  results.forEach((result, i) => {
    definition.message(4, new ProtocolBuffer().text(1, `result_${i}`).text(2, inFunction(result)))
  })
  return definition
}

function argumentDefinition(name: string, { dataType }: TensorType): ProtocolBuffer {
  return new ProtocolBuffer().text(1, name).integer(3, dataType)
}

function inGraph({ node, output }: Reference): string {
  return output === 0 ? node.name : `${node.name}:${output}`
}

/**
 * Inside functions the name of an output is the one that its operator's definition gives it (function.proto, comment of
 * `node_def`).
 */
function inFunction({ node, output }: Reference): string {
  return node.operator === 'Argument' ? node.name : `${node.name}:${outputName(node.operator, output)}`
}

/** AttrValue (attr_value.proto). */
function attributeValue(value: Attribute): ProtocolBuffer {
  const attribute = new ProtocolBuffer()
  if ('text' in value) return attribute.text(2, value.text)
  if ('integer' in value) return attribute.integer(3, value.integer)
  if ('real' in value) return attribute.real(4, value.real)
  if ('truth' in value) return attribute.integer(5, value.truth)
  if ('type' in value) return attribute.integer(6, value.type)
  if ('shape' in value) return attribute.message(7, shapeDefinition(value.shape))
  if ('constant' in value) return attribute.message(8, tensorDefinition(value.constant))
  if ('function' in value) return attribute.message(10, new ProtocolBuffer().text(1, value.function))
  return attribute.message(1, listValue(value))
}

function listValue(value: Attribute): ProtocolBuffer {
  const list = new ProtocolBuffer()
  if ('integers' in value) list.integers(3, value.integers)
  if ('reals' in value) list.bytes(4, new Uint8Array(Float32Array.from(value.reals).buffer))
  if ('truths' in value) list.integers(5, value.truths)
  if ('texts' in value) for (const text of value.texts) list.text(2, text)
  if ('types' in value) list.integers(6, value.types)
  if ('shapes' in value) for (const shape of value.shapes) list.message(7, shapeDefinition(shape))
  return list
}

/** TensorShapeProto (tensor_shape.proto). */
export function shapeDefinition(shape: readonly number[]): ProtocolBuffer {
  const definition = new ProtocolBuffer()
  for (const size of shape) definition.message(2, new ProtocolBuffer().integer(1, size))
  return definition
}

/**
 * TensorProto (tensor.proto). One element that stands for all is written to the typed field, whose last value is
 * repeated.
 */
function tensorDefinition({ dataType, shape, content }: ConstantValue): ProtocolBuffer {
  const definition = new ProtocolBuffer().integer(1, dataType).message(2, shapeDefinition(shape))
  const elements = shape.reduce((product, size) => product * size, 1)
  if (elements <= 1 || dataType === DataType.int64) return definition.bytes(4, content)
  if (dataType === DataType.float32 && content.length === 4) return definition.bytes(5, content)
  if (dataType === DataType.int32 && content.length === 4) {
    return definition.integers(7, [new DataView(content.buffer, content.byteOffset).getInt32(0, true)])
  }
  if (dataType === DataType.bool && content.length === 1) return definition.integers(11, [content[0]!])
  return definition.bytes(4, content)
}

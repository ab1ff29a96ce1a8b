import { bindingAddition } from '../binding-addition.ts'
import {
  DataType,
  outputOf,
  type Attribute,
  type ConstantValue,
  type GraphNode,
  type TensorType,
} from '../graphs/graph.ts'
import { outputName } from '../graphs/operator-outputs.ts'
import { refusal } from './refusals.ts'
import { graphDefinition } from '../graphs/saved-model.ts'

/** The function of infra/binding/graph-types.cc. */
interface GraphTypes {
  outputTypes(graph: Uint8Array, node: string): [type: number, shape: number[] | null][]
}

/** An input of an operator: its type, or its value if that is known and may determine the shape of the output. */
export type OperatorInput = TensorType | ConstantValue

/** Answers by question, since a network has many operators of the same kind. */
const known = new Map<string, readonly TensorType[]>()

/**
 * The types of an operator's outputs, by TensorFlow's own shape functions, without running it. Refuses an operator
 * whose output shape depends on values that are not known. Throws TensorFlow's message where the inputs do not fit.
 */
export function outputTypesOf(
  operator: string,
  attributes: Record<string, Attribute>,
  inputs: readonly OperatorInput[],
): readonly TensorType[] {
  const key = `${operator} ${JSON.stringify(attributes)} ${inputs.map(inputKey).join(' ')}`
  const types = known.get(key) ?? typesIn(operator, attributes, inputs)
  known.set(key, types)
  return types
}

function inputKey(input: OperatorInput): string {
  return `${input.dataType}[${input.shape.join()}]${'content' in input ? input.content.join() : ''}`
}

function typesIn(
  operator: string,
  attributes: Record<string, Attribute>,
  inputs: readonly OperatorInput[],
): TensorType[] {
  const given = inputs.map((input, i) => sourceOf(input, `input_${i}`))
  const asked: GraphNode = {
    name: 'asked',
    operator,
    inputs: given.map(outputOf),
    controls: [],
    attributes,
    outputs: [],
    fixed: false,
  }
  const { outputTypes } = bindingAddition<GraphTypes>('graph_types')
  return outputTypes(graphDefinition([...given, asked]).finish(), asked.name).map(([dataType, shape], index) => {
    if (shape && shape.every((size) => size >= 0)) return { dataType, shape }
    // The device determines the size of what a kernel keeps for its gradient's kernel.
    if (outputName(operator, index).startsWith('reserve_space')) return { dataType, shape: [0] }
    throw refusal(
      `the shape of what ${operator} gives depends on values; keep every element and mask those that do not count.`,
    )
  })
}

function sourceOf(input: OperatorInput, name: string): GraphNode {
  const dtype = { type: input.dataType }
  const [operator, rest] =
    'content' in input ? ['Const', { value: { constant: input } }] : ['Placeholder', { shape: { shape: input.shape } }]
  return { name, operator, inputs: [], controls: [], attributes: { dtype, ...rest }, outputs: [input], fixed: false }
}

/** A tensor of more elements is not a shape, axes or sizes. */
const fewElements = 64

/** Whether the values of such an input may determine the shape of an operator's output. */
export function mayDecideShapes({ dataType, shape }: TensorType): boolean {
  const isWhole = dataType === DataType.int32 || dataType === DataType.int64
  return isWhole && shape.length <= 2 && shape.reduce((product, size) => product * size, 1) <= fewElements
}

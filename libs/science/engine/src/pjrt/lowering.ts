import { bindingAddition } from '../binding-addition.ts'
import { neededNodes, type Graph, type GraphNode, type TensorType } from '../graphs/graph.ts'
import type { Program } from '../sessions/program.ts'
import { ProtocolBuffer } from '../graphs/protocol-buffer.ts'
import { graphDefinition, libraryOf, shapeDefinition } from '../graphs/saved-model.ts'
import type { StateVariable } from '../sessions/state-nodes.ts'

/** The function of infra/binding/graph-lowering.cc. */
interface GraphLowering {
  lower(graph: Uint8Array, config: Uint8Array): Uint8Array
}

/** A program as XLA compiles it. */
export interface LoweredProgram {
  /** The bytes of an HloModuleProto, which are the same in every process. */
  readonly module: Uint8Array
  /** The names of the inputs that it takes, in order. It takes the variables after them. */
  readonly inputs: readonly string[]
  readonly variables: readonly StateVariable[]
  /** The variables whose new values are its last results, in their order. Before these come the outputs. */
  readonly written: readonly StateVariable[]
}

/** Operators that write a variable, which is their first input. `ResourceApplyAdam` writes three. */
const writing = /^Assign\w*VariableOp$|^ResourceApplyAdam$/

/**
 * Lowers one program of a graph to HLO. The graph must consist of operators that XLA has (`withXlaOperators`), none of
 * them fused. Throws TensorFlow's message where an operator has no lowering.
 */
export function lowered(graph: Graph, program: Program, variables: readonly StateVariable[]): LoweredProgram {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]))
  const fetched = [...program.outputs.fetched, ...(program.done ? [program.done] : [])]
  const nodes = neededNodes(
    graph.nodes,
    fetched.map((name) => byName.get(name)!),
  )
  const names = new Set(nodes.map(({ name }) => name))
  const writtenNames = new Set(nodes.filter(({ operator }) => writing.test(operator)).flatMap(handlesIn))
  const used = variables.filter(({ handle }) => names.has(handle.name))
  const written = used.filter(({ handle }) => writtenNames.has(handle.name))
  const feeds = feedsOf(program).filter(({ placeholder }) => names.has(placeholder))
  const functions = new Set(program.functions.map(({ name }) => name))
  const definition = graphDefinition(nodes).message(
    2,
    libraryOf(graph.functions.filter(({ name }) => functions.has(name))),
  )
  const config = configuration(feeds, fetched, used, new Set(written))
  const { lower } = bindingAddition<GraphLowering>('graph_lowering')
  return {
    module: lower(definition.finish(), config.finish()),
    inputs: feeds.map(({ name }) => name),
    variables: used,
    written,
  }
}

/** The name under which a program takes the limit of its loops' iterations. No input has it. */
export const iterationLimitInput = 'iteration limit'

interface Feed {
  readonly name: string
  readonly placeholder: string
  readonly type: TensorType
}

function feedsOf({ inputs, iterationLimit, nodes }: Program): Feed[] {
  const limit = nodes.find(({ name }) => name === iterationLimit)
  return [
    ...inputs,
    ...(limit ? [{ name: iterationLimitInput, placeholder: limit.name, type: limit.outputs[0]! }] : []),
  ]
}

function handlesIn({ inputs }: GraphNode): string[] {
  return inputs.filter(({ node }) => node.operator === 'VarHandleOp').map(({ node }) => node.name)
}

/** A tf2xla.Config (tensorflow/compiler/tf2xla/tf2xla.proto). */
function configuration(
  feeds: readonly Feed[],
  fetched: readonly string[],
  variables: readonly StateVariable[],
  written: ReadonlySet<StateVariable>,
): ProtocolBuffer {
  const config = new ProtocolBuffer()
  for (const { placeholder, type } of feeds)
    config.message(
      1,
      new ProtocolBuffer()
        .message(1, tensorId(placeholder))
        .message(2, shapeDefinition(type.shape))
        .integer(4, type.dataType),
    )
  for (const name of fetched) config.message(2, new ProtocolBuffer().message(1, tensorId(name)))
  for (const variable of variables) {
    const { dataType, shape } = variable.type
    const definition = new ProtocolBuffer()
      .text(1, sharedName(variable))
      .message(3, shapeDefinition(shape))
      .integer(4, dataType)
    config.message(3, written.has(variable) ? definition : definition.integer(5, true))
  }
  return config
}

function tensorId(node: string): ProtocolBuffer {
  return new ProtocolBuffer().text(1, node)
}

function sharedName({ handle }: StateVariable): string {
  const name = handle.attributes['shared_name']
  return name && 'text' in name ? name.text : handle.name
}

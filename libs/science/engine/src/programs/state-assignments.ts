import { adamOperator } from './adam-step.ts'
import { adamInPlace } from './adam-in-place.ts'
import { countsOf, outputOf, typeOf, sameType, type GraphNode, type Reference } from '../graphs/graph.ts'
import type { Recording } from '../recording/recording.ts'
import { handleOf, type Consumers, type StateUpdate } from './state-update.ts'

/**
 * Operators whose output is never in the memory of an input of the program. Others hand an input on where there is
 * nothing to compute: `Tile` by one, `Sum` over an axis of one, `Slice` of whole rows.
 */
const withMemoryOfItsOwn = new Set(
  'Add AddV2 BatchMatMulV2 BiasAdd Const Conv2D Div Empty Fill MatMul Maximum Minimum Mul RealDiv Square Sub'.split(
    ' ',
  ),
)

/**
 * The nodes that assign new state, each after every read of its variable. They work in place where TensorFlow has an
 * operator for it, so that there is no second copy of the state.
 */
export function stateAssignments(root: Recording, updates: readonly StateUpdate[]): GraphNode[] {
  const consumers = consumersOf(root.nodes, updates)
  const steps = updates.filter(({ value }) => value.node.operator === adamOperator)
  const others = updates.filter((update) => !steps.includes(update))
  const assigned = others.map((update) => added(root, update, consumers) ?? replaced(root, update))
  return [...assigned, ...adamInPlace(root, steps, consumers)]
}

function consumersOf(nodes: readonly GraphNode[], updates: readonly StateUpdate[]): Consumers {
  const taken = [...nodes.flatMap(({ inputs }) => inputs), ...updates.map(({ value }) => value)]
  return countsOf(taken.map(({ node }) => node))
}

/** Adds x in place where the new value is `variable + x` and nothing else needs the old value or the sum. */
function added(root: Recording, { variable, read, value }: StateUpdate, consumers: Consumers): GraphNode | undefined {
  const [before, summand] = value.node.inputs
  if (
    !/^Add(V2)?$/.test(value.node.operator) ||
    !read ||
    before!.node !== read ||
    !sameType(typeOf(summand!), variable.type)
  )
    return
  if (consumers.get(read) !== 1 || consumers.get(value.node) !== 1) return
  const attributes = { dtype: { type: variable.type.dataType } }
  return root.add('AssignAddVariableOp', [handleOf(variable), summand!], attributes, [], { fixed: false })
}

/**
 * Assigns the new value, of which a copy is made if it came from outside: the variable would share memory that belongs
 * to JavaScript, and free it on a thread of TensorFlow's.
 */
function replaced(root: Recording, { variable, read, value }: StateUpdate): GraphNode {
  const inputs = [handleOf(variable), ownMemory(root, value)]
  const controls = read ? [read] : []
  return root.add('AssignVariableOp', inputs, { dtype: { type: variable.type.dataType } }, [], {
    controls,
    fixed: false,
  })
}

function ownMemory(root: Recording, value: Reference): Reference {
  if (withMemoryOfItsOwn.has(value.node.operator)) return value
  const type = typeOf(value)
  return outputOf(root.add('DeepCopy', [value], { T: { type: type.dataType } }, [type], { fixed: false }))
}

import type { Tensor } from '../tf.ts'
import type { DeviceSession } from './device-session.ts'
import { sameType } from '../graphs/graph.ts'
import type { NamedTensors, Program } from './program.ts'
import type { StateVariable } from './state-nodes.ts'
import { tensorTypeOf } from '../recording/symbolic-tensors.ts'

/** Sets variables by their paths, and refuses values that do not fit. */
export function assignLeaves(
  session: DeviceSession,
  variables: readonly StateVariable[],
  leaves: readonly (readonly [path: string, tensor: Tensor])[],
): void {
  const byPath = new Map(variables.map((variable) => [variable.path, variable]))
  const values = leaves.map(([path, tensor]) => {
    const variable = byPath.get(path)
    if (!variable) throw new TypeError(`The session has no state ${path}; set what was declared.`)
    requireType(`state ${path}`, variable, tensor)
    return { variable, tensor }
  })
  if (values.length > 0) session.assign(values)
}

/** Runs a program, and refuses inputs that do not fit. */
export function runWith(session: DeviceSession, program: Program, inputs: NamedTensors, iterations: Tensor): Tensor[] {
  const given = program.inputs.map(({ name, type }) => {
    const tensor = inputs[name]
    if (!tensor) throw new TypeError(`${program.name} needs the input ${name}.`)
    requireType(`input ${name} of ${program.name}`, { type }, tensor)
    return tensor
  })
  return session.run(program, given, iterations)
}

function requireType(what: string, { type }: Pick<StateVariable, 'type'>, tensor: Tensor): void {
  if (sameType(type, tensorTypeOf(tensor))) return
  throw new TypeError(
    `The ${what} is [${tensor.shape.join(', ')}] ${tensor.dtype}; the program was captured for [${type.shape.join(', ')}].`,
  )
}

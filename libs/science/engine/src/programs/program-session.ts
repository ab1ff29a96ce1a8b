import { pjrtDevice } from '../pjrt/pjrt-device.ts'
import { PjrtSession } from '../pjrt/pjrt-session.ts'
import { collectBuffers, releaseMemory } from '../tensor-memory.ts'
import { tf, type Tensor } from '../tf.ts'
import type { Agreement } from './agreement.ts'
import type { DeviceSession } from './device-session.ts'
import { firstReplayAgreement, type Jitter } from './first-replay.ts'
import { sameType, type Graph } from './graph.ts'
import { keptAgreements, type KeptAgreements } from './kept-agreements.ts'
import { checkedIterations } from './loop.ts'
import type { Precision } from './precision.ts'
import type { EagerRun, NamedTensors, PartOf, Program } from './program.ts'
import type { StateVariable } from './state-nodes.ts'
import { tensorTypeOf } from './symbolic-tensors.ts'
import { TensorflowSession } from './tensorflow-session.ts'
import { leavesOf, withTensors, type TensorTree } from './tensor-tree.ts'

interface Loading {
  readonly graph: Graph
  readonly precision: Precision
  readonly state: TensorTree
  readonly variables: readonly StateVariable[]
  /** Each program, and the function that runs its code eagerly. */
  readonly runs: readonly { readonly program: Program; readonly eagerly: () => EagerRun }[]
}

/** Programs compiled for one device, and the state that they share. All calls block until the device is done. */
export class ProgramSession<State> {
  /** How well the first replay of each program agreed with its eager run, on this machine or one of its kind. */
  readonly agreements: ReadonlyMap<string, Agreement>
  private readonly unlimited = tf.keep(tf.scalar(0x7fffffff, 'int32'))

  private constructor(
    private readonly session: DeviceSession,
    private readonly loading: Omit<Loading, 'runs' | 'graph'>,
    runs: Loading['runs'],
    kept: KeptAgreements,
  ) {
    collectBuffers() // those that the first state was made from
    const known = kept.find() ?? new Map<string, Agreement>()
    const unknown = runs.filter(({ program }) => !known.has(program.name))
    this.agreements = new Map([...known, ...this.check(unknown)])
    if (unknown.length > 0) kept.keep(this.agreements)
    this.assign(leavesOf(loading.state))
  }

  /** Compiles the graph for the device of this process. */
  static load<State>({ graph, runs, ...loading }: Loading): ProgramSession<State> {
    const session = openSession(graph, runs, loading)
    try {
      return new ProgramSession(session, loading, runs, keptAgreements(session.compiled, loading.precision))
    } catch (error) {
      session.dispose()
      throw error
    }
  }

  /**
   * Runs a program once. The caller disposes of the outputs. The state that the program returned is in place for the
   * next run.
   */
  run<Inputs extends NamedTensors, Outputs extends TensorTree>(
    program: Program<Inputs, Outputs>,
    inputs: Inputs,
  ): Outputs {
    return withTensors<Outputs>(program.outputs.shape, this.execute(program as Program, inputs, this.unlimited))
  }

  /** The present values of the state, copied to the host. The caller disposes of them. */
  state(): State {
    const { state, variables } = this.loading
    return withTensors(state, this.session.read(variables)) as State
  }

  /** Sets part of the state, as for a resumed checkpoint. The caller keeps the given tensors. */
  setState(part: PartOf<State>): void {
    this.assign(leavesOf(part as TensorTree))
  }

  /** Frees the session and its state. */
  dispose(): void {
    this.unlimited.dispose()
    this.session.dispose()
  }

  private assign(leaves: readonly (readonly [path: string, tensor: Tensor])[]): void {
    const variables = new Map(this.loading.variables.map((variable) => [variable.path, variable]))
    const values = leaves.map(([path, tensor]) => {
      const variable = variables.get(path)
      if (!variable) throw new TypeError(`The session has no state ${path}; set what was declared.`)
      requireType(`state ${path}`, variable, tensor)
      return { variable, tensor }
    })
    if (values.length > 0) this.session.assign(values)
  }

  private execute(program: Program, inputs: NamedTensors, iterations: Tensor): Tensor[] {
    const given = program.inputs.map(({ name, type }) => {
      const tensor = inputs[name]
      if (!tensor) throw new TypeError(`${program.name} needs the input ${name}.`)
      requireType(`input ${name} of ${program.name}`, { type }, tensor)
      return tensor
    })
    return this.session.run(program, given, iterations)
  }

  /** Checks the programs. All eager runs come first, while the session has no memory for its state yet. */
  private check(runs: Loading['runs']): Map<string, Agreement> {
    const { state } = this.loading
    const { precision } = this.loading
    const allowed = { ...precision, tolerance: Math.max(precision.tolerance, this.session.tolerance) }
    const eagerRuns: EagerRun[] = []
    try {
      for (const { eagerly } of runs) {
        eagerRuns.push(eagerly())
        releaseMemory()
      }
      return new Map(
        runs.map(({ program }, i) => {
          const eager = eagerRuns[i]!
          const replay = (jittered?: Jitter) => this.replayForCheck(program, eager, jittered)
          const agreement = firstReplayAgreement({ program, eager, precision: allowed, state, replay })
          releaseMemory()
          return [program.name, agreement]
        }),
      )
    } finally {
      for (const eager of eagerRuns) eager.dispose()
      releaseMemory()
    }
  }

  /**
   * Replays a program from the first state, with as few iterations as the eager run. Gives the outputs, and then the
   * state that the program changes.
   */
  private replayForCheck(program: Program, eager: EagerRun, jittered: Jitter = (tree) => tree): Tensor[] {
    tf.tidy(() => this.assign(leavesOf(jittered(this.loading.state))))
    const outputs = tf.tidy(() => this.execute(program, jittered(eager.inputs), tf.scalar(checkedIterations, 'int32')))
    const changed = this.loading.variables.filter(({ path }) => eager.state.has(path))
    const values = this.session.read(changed)
    const byPath = new Map(changed.map(({ path }, i) => [path, values[i]!]))
    return [...outputs, ...[...eager.state.keys()].map((path) => byPath.get(path)!)]
  }
}

/** The session of this process's device. */
function openSession(graph: Graph, runs: Loading['runs'], { variables }: Pick<Loading, 'variables'>) {
  const device = pjrtDevice()
  if (!device) return TensorflowSession.open(graph)
  return PjrtSession.open(
    device,
    graph,
    runs.map(({ program }) => program),
    variables,
  )
}

function requireType(what: string, { type }: Pick<StateVariable, 'type'>, tensor: Tensor): void {
  if (sameType(type, tensorTypeOf(tensor))) return
  throw new TypeError(
    `The ${what} is [${tensor.shape.join(', ')}] ${tensor.dtype}; the program was captured for [${type.shape.join(', ')}].`,
  )
}

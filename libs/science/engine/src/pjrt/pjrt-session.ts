import { digestOfBytes } from '@gauntlet/study'
import { OutOfMemory } from '../out-of-memory.ts'
import type { AssignedValue, DeviceSession, ProgramCost } from '../sessions/device-session.ts'
import { bytesOf, type Graph } from '../graphs/graph.ts'
import type { Program } from '../sessions/program.ts'
import type { StateVariable } from '../sessions/state-nodes.ts'
import { tensorsOf } from '../sessions/tensor-tree.ts'
import type { Tensor } from '../tf.ts'
import { download, typeByName, upload } from './device-tensors.ts'
import { iterationLimitInput, lowered, type LoweredProgram } from './lowering.ts'
import { pjrtAddition, type DeviceTensor, type Executable } from './pjrt-addition.ts'
import type { PjrtDevice } from './pjrt-device.ts'
import { DeviceStateLost, translatingPjrt } from './pjrt-errors.ts'
import { withXlaOperators } from './xla-operators.ts'

interface LoadedProgram extends LoweredProgram {
  readonly executable: Executable
  readonly cost: ProgramCost
}

/**
 * Programs compiled by a PJRT plugin, and their state as tensors on its device. A program takes over the memory of the
 * state that it changes; what crosses to the host is its inputs and outputs.
 */
export class PjrtSession implements DeviceSession {
  /** XLA fuses operators and orders sums anew. */
  readonly tolerance = 1e-3
  readonly compiled: Uint8Array
  readonly costs: ReadonlyMap<string, ProgramCost>
  private readonly programs: ReadonlyMap<string, LoadedProgram>
  /** The state by path. Undefined once a failed run has taken it over. */
  private state: Map<string, DeviceTensor> | undefined = new Map()

  private constructor(
    private readonly path: string,
    programs: readonly (readonly [name: string, program: LoadedProgram])[],
  ) {
    this.programs = new Map(programs)
    this.costs = new Map(programs.map(([name, { cost }]) => [name, cost]))
    this.compiled = new TextEncoder().encode(programs.map(([, { module }]) => digestOfBytes(module)).join())
  }

  /** Lowers the programs and compiles them, or loads what was compiled before. */
  static open(
    device: PjrtDevice,
    graph: Graph,
    programs: readonly Program[],
    variables: readonly StateVariable[],
  ): PjrtSession {
    const lowerable = withXlaOperators(graph)
    const loaded: [string, LoadedProgram][] = []
    for (const program of programs) loaded.push([program.name, compiled(device, lowerable, program, variables)])
    const beside = loaded.map(([, { cost }]) => cost.bytes)
    device.requireRoomFor(bytesOfAll(variables), Math.max(0, ...beside))
    return new PjrtSession(device.plugin.path, loaded)
  }

  run(program: Program, inputs: readonly Tensor[], iterations: Tensor): Tensor[] {
    const loaded = this.programs.get(program.name)!
    const given = new Map(program.inputs.map(({ name }, i) => [name, inputs[i]!]))
    given.set(iterationLimitInput, iterations)
    const uploaded: DeviceTensor[] = []
    try {
      for (const name of loaded.inputs) uploaded.push(upload(this.path, given.get(name)!))
      return this.outputsOf(program, loaded, this.execute(program, loaded, uploaded))
    } finally {
      uploaded.forEach(free)
    }
  }

  read(variables: readonly StateVariable[]): Tensor[] {
    const state = this.requireState()
    return variables.map(({ path, type }) => download(state.get(path)!, type))
  }

  assign(values: readonly AssignedValue[]): void {
    const state = this.requireState()
    for (const { variable, tensor } of values) {
      const before = state.get(variable.path)
      if (before) free(before) // first, so that there is no second copy of the state on the device
      state.delete(variable.path)
      state.set(variable.path, upload(this.path, tensor))
    }
  }

  dispose(): void {
    this.state?.forEach(free)
    this.state = undefined
    for (const { executable } of this.programs.values()) pjrtAddition().freeProgram(executable)
  }

  /** The results of a run: outputs, one that is there so that the state is written, and new values of the state. */
  private outputsOf(program: Program, { written }: LoadedProgram, results: readonly DeviceTensor[]): Tensor[] {
    const state = this.requireState()
    const before = results.length - written.length
    written.forEach(({ path }, i) => {
      free(state.get(path)!)
      state.set(path, results[before + i]!)
    })
    const types = tensorsOf(program.outputs.shape).map(typeByName)
    try {
      return types.map((type, i) => download(results[i]!, type))
    } finally {
      results.slice(0, before).forEach(free)
    }
  }

  /** Runs a program. Where it fails after it took over memory of the state, the state is lost. */
  private execute({ name }: Program, { executable, variables }: LoadedProgram, inputs: readonly DeviceTensor[]) {
    const state = this.requireState()
    const given = variables.map(({ path }) => state.get(path)!)
    try {
      return translatingPjrt(`running ${name}`, () => pjrtAddition().run(executable, [...inputs, ...given]))
    } catch (error) {
      if (!given.some((tensor) => pjrtAddition().isDeleted(tensor))) throw error
      state.forEach(free)
      this.state = undefined
      throw error instanceof OutOfMemory ? error : new DeviceStateLost((error as Error).message, { cause: error })
    }
  }

  private requireState(): Map<string, DeviceTensor> {
    if (this.state) return this.state
    throw new DeviceStateLost('A run failed that had taken over the state; go on from the last mid-training state.')
  }
}

function compiled(
  device: PjrtDevice,
  graph: Graph,
  program: Program,
  variables: readonly StateVariable[],
): LoadedProgram {
  const begun = performance.now()
  const one = lowered(graph, program, variables)
  const executable = device.compile(program.name, one.module)
  const seconds = (performance.now() - begun) / 1000
  const { inputs, outputs, aliased, temporaries, code } = pjrtAddition().programMemory(executable)
  const bytes = inputs - bytesOfAll(one.variables) + outputs - aliased + temporaries + code
  return { ...one, executable, cost: { seconds, bytes } }
}

function bytesOfAll(variables: readonly StateVariable[]): number {
  return variables.reduce((sum, { type }) => sum + bytesOf(type), 0)
}

function free(tensor: DeviceTensor): void {
  pjrtAddition().freeTensor(tensor)
}

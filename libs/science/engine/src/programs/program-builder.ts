import { requireRoomFor } from '../device-memory.ts'
import { lowered, type LoweredProgram } from '../pjrt/lowering.ts'
import { withXlaOperators } from '../pjrt/xla-operators.ts'
import { releaseMemory } from '../tensor-memory.ts'
import { pjrtDevice } from '../pjrt/pjrt-device.ts'
import { tf } from '../tf.ts'
import { recordingTo, runningForCheck } from '../recording/capturing.ts'
import { bytesOf, type Graph } from '../graphs/graph.ts'
import { SpilledTensors } from '../sessions/spilled-tensors.ts'
import type { CheckedProgram, Loading } from './program-checks.ts'
import type { EagerRun, NamedTensors, Program, ProgramFunction } from '../sessions/program.ts'
import { processPrecision, type Precision } from '../graphs/precision.ts'
import { ProgramSession } from './program-session.ts'
import { ProgramScope, type ErasedResult } from './program-scope.ts'
import { withRecordingHooks } from '../recording/recording-hooks.ts'
import { CaptureRefused } from '../recording/refusals.ts'
import { StateNodes } from '../sessions/state-nodes.ts'
import { symbolicTensor, tensorTypeOf } from '../recording/symbolic-tensors.ts'
import { leavesOf, mapTensors, tensorsOf, type TensorTree } from '../sessions/tensor-tree.ts'

/**
 * Captures programs that share a state. Each is plain tfjs code. It runs once on symbolic tensors, which have a type
 * and no values, while its operators are recorded, and is replayed as one graph in a TensorFlow session. Call `capture`
 * for each program, then `load`, and then `dispose` of the builder when it is not to be loaded again.
 */
export class ProgramBuilder<State extends TensorTree = Record<never, never>> {
  private readonly state: State
  private readonly stateNodes: StateNodes
  /** The symbolic tensors that stand for the state while programs are captured. */
  private readonly symbols: State
  private readonly captured = new Map<string, CapturedProgram>()

  /**
   * `state`: the tensors that stay on the device between runs, with their first values. The caller keeps and disposes
   * of the given tensors.
   */
  constructor(state: State) {
    this.state = keptTree(state)
    this.symbols = mapTensors(state, (tensor) => tf.keep(symbolicTensor(tensorTypeOf(tensor))))
    this.stateNodes = new StateNodes(this.state)
  }

  /**
   * Records `body` as the program `name`, for inputs of the examples' shapes and types. Only what follows from
   * constants is computed. When the program is loaded and its check is not known, `body` runs once more, on the
   * examples themselves; tensors from outside that it uses must live until then. Where an accelerator runs programs,
   * `smaller` takes the examples' place in the check, if it is given: the same inputs with smaller batches.
   */
  capture<Inputs extends NamedTensors, Outputs extends TensorTree>(
    name: string,
    body: ProgramFunction<State, Inputs, Outputs>,
    examples: Inputs,
    { smaller }: { smaller?: Inputs } = {},
  ): Program<Inputs, Outputs> {
    requireProgramName(name, this.captured)
    const program = this.recorded(name, body, examples)
    const checkedOn = (inputs: Inputs) => () =>
      eagerRun(inputs, () => requireResult(name, body(inputs, this.state) as ErasedResult<Outputs>))
    const [inputs, few] = [keptTree(examples), smaller && pjrtDevice() && keptTree(smaller)]
    const inSmall = few && (() => ({ program: this.recorded(name, body, few), eagerly: checkedOn(few) }))
    this.captured.set(name, {
      program,
      eagerly: checkedOn(inputs),
      kept: [inputs, ...(few ? [few] : [])],
      ...(inSmall && { inSmall }),
    })
    return program
  }

  /**
   * Compiles all programs captured so far into one session, in one precision, with the state at its first values. Each
   * program first runs on its examples and must give what an eager run of its code gives, within a tolerance; else
   * this throws `ReplayDiffers`. Programs that agreed in another process are not checked again.
   */
  load(precision: Precision = processPrecision()): ProgramSession<State> {
    this.requireRoom()
    const loadingOf = (programs: readonly CheckedProgram[]): Loading => ({
      graph: precision.rewrite(this.graphOf(programs)),
      precision,
      state: this.state,
      variables: this.stateNodes.variables,
      programs,
    })
    const all = [...this.captured.values()]
    const smaller = (names: readonly string[]) =>
      loadingOf(all.filter(({ program }) => names.includes(program.name)).map((each) => each.inSmall?.() ?? each))
    return ProgramSession.load(loadingOf(all), all.some(({ inSmall }) => inSmall) ? smaller : undefined)
  }

  /** The programs captured so far, or those of them that are `wanted`, as XLA compiles them, for a device anywhere. */
  lowered(
    precision: Precision = processPrecision(),
    wanted: (name: string) => boolean = () => true,
  ): ReadonlyMap<string, LoweredProgram> {
    const graph = withXlaOperators(precision.rewrite(this.graph()))
    const { variables } = this.stateNodes
    return new Map(
      [...this.captured]
        .filter(([name]) => wanted(name))
        .map(([name, { program }]) => [name, lowered(graph, program as Program, variables)]),
    )
  }

  /** Calls `load` and then `dispose`. */
  finish(precision: Precision = processPrecision()): ProgramSession<State> {
    try {
      return this.load(precision)
    } finally {
      this.dispose()
    }
  }

  /** Frees the first state and the examples. Sessions live on. */
  dispose(): void {
    for (const { kept } of this.captured.values()) tf.dispose(kept.flatMap((inputs) => Object.values(inputs)))
    tf.dispose([...tensorsOf(this.state), ...tensorsOf(this.symbols)])
    this.captured.clear()
    releaseMemory()
  }

  private requireRoom(): void {
    const state = this.stateNodes.variables.reduce((sum, { type }) => sum + bytesOf(type), 0)
    requireRoomFor(state, Math.max(0, ...[...this.captured.values()].map(({ program }) => program.peakBytes - state)))
  }

  private recorded<Inputs extends NamedTensors, Outputs extends TensorTree>(
    name: string,
    body: ProgramFunction<State, Inputs, Outputs>,
    examples: Inputs,
  ): Program<Inputs, Outputs> {
    let program!: Program<Inputs, Outputs>
    tf.tidy(() => {
      const scope = new ProgramScope(name, this.stateNodes, tensorsOf(this.symbols))
      const inputs = mapTensors(examples, (tensor) => symbolicTensor(tensorTypeOf(tensor)))
      const placeholders = Object.entries(inputs).map(([input, tensor], i) => scope.placeholder(input, tensor, i))
      const run = () => requireResult(name, body(inputs, this.symbols) as ErasedResult<Outputs>)
      program = scope.finish(
        placeholders,
        withRecordingHooks(() => recordingTo(scope.root, run)),
      )
    })
    return program
  }

  private graph(): Graph {
    return this.graphOf([...this.captured.values()])
  }

  private graphOf(captured: readonly CheckedProgram[]): Graph {
    const programs = captured.map(({ program }) => program)
    return {
      nodes: [...this.stateNodes.nodes, ...programs.flatMap(({ nodes }) => nodes)],
      functions: programs.flatMap(({ functions }) => functions),
    }
  }
}

interface CapturedProgram extends CheckedProgram {
  /** What the eager runs need, to be disposed of. */
  readonly kept: readonly NamedTensors[]
  /** The same code recorded for a smaller batch. */
  readonly inSmall?: () => CheckedProgram
}

/** The same tensors, kept until they are disposed of. */
function keptTree<Tree extends TensorTree>(tree: Tree): Tree {
  return mapTensors(tree, (tensor) => tf.keep(tensor.clone()))
}

/**
 * Runs the code eagerly. The new state is spilled to a file, since the replay that it is compared with takes as much
 * memory as a step.
 */
function eagerRun(inputs: NamedTensors, run: () => ErasedResult<TensorTree>): EagerRun {
  let eager!: EagerRun
  tf.tidy(() => {
    const { outputs, state } = runningForCheck(run)
    const kept = leavesOf(keptTree(outputs)).map(([path, tensor]) => ({ path, tensor }))
    const spilled = new SpilledTensors()
    eager = {
      inputs,
      outputs: kept,
      state: new Map((state ? leavesOf(state) : []).map(([path, tensor]) => [path, spilled.spill(tensor)])),
      dispose: () => {
        tf.dispose(kept.map(({ tensor }) => tensor))
        spilled.dispose()
      },
    }
  })
  return eager
}

function requireProgramName(name: string, taken: ReadonlyMap<string, unknown>): void {
  if (!/^[a-z][a-z0-9_-]*$/i.test(name) || name === 'state') {
    throw new CaptureRefused(
      `A program cannot be called ${name}; use letters, digits, _ and -, beginning with a letter, other than "state".`,
    )
  }
  if (taken.has(name)) throw new CaptureRefused(`There are two programs called ${name}; give each a name of its own.`)
}

function requireResult<Result>(name: string, result: Result): Result {
  if (result instanceof Promise)
    throw new CaptureRefused(`The function of ${name} is asynchronous; capture needs its tensors at once.`)
  return result
}

import { requireRoomFor } from '../device-memory.ts'
import { nativeBackend } from '../operator.ts'
import { releaseMemory } from '../tensor-memory.ts'
import { tf, type Tensor } from '../tf.ts'
import { recordingTo } from './capturing.ts'
import type { Form } from './forms.ts'
import { bytesOf, type Graph } from './graph.ts'
import type { EagerRun, NamedTensors, Program, ProgramFunction } from './program.ts'
import { processForm } from './process-form.ts'
import { ProgramSession } from './program-session.ts'
import { ProgramScope, type ErasedResult } from './program-scope.ts'
import { tensorTypeOf } from './recording.ts'
import { watchingBackend } from './recording-hooks.ts'
import { CaptureRefused } from './refusals.ts'
import { StateNodes } from './state-nodes.ts'
import { leavesOf, mapTensors, tensorsOf, type TensorTree } from './tensor-tree.ts'

/**
 * Captures programs that share a state. Each is an eager run of plain tfjs code, recorded through the backend and replayed as one graph in one
 * TensorFlow session: `capture` as often as there are programs, then `load`, then `dispose` of the builder when no further form is to be loaded.
 */
export class ProgramBuilder<State extends TensorTree = Record<never, never>> {
  private readonly state: State
  private readonly stateNodes: StateNodes
  private readonly captured = new Map<string, { program: Program; eager: EagerRun }>()

  /** `state`: the tensors that stay on the device between runs, with their first values. The tensors remain the caller's. */
  constructor(state: State) {
    this.state = withOwnData(state)
    this.stateNodes = new StateNodes(this.state)
  }

  /** Runs `body` once on `examples`, whose shapes and types are those of every later run, and records it as the program `name`. */
  capture<Inputs extends NamedTensors, Outputs extends TensorTree>(
    name: string,
    body: ProgramFunction<State, Inputs, Outputs>,
    examples: Inputs,
  ): Program<Inputs, Outputs> {
    requireProgramName(name, this.captured)
    const inputs = withOwnData(examples)
    try {
      return this.captureWith(name, body, inputs)
    } catch (error) {
      tf.dispose(Object.values(inputs))
      throw error
    } finally {
      releaseMemory()
    }
  }

  private captureWith<Inputs extends NamedTensors, Outputs extends TensorTree>(
    name: string,
    body: ProgramFunction<State, Inputs, Outputs>,
    inputs: Inputs,
  ): Program<Inputs, Outputs> {
    const scope = new ProgramScope(name, this.stateNodes, tensorsOf(this.state))
    const placeholders = Object.entries(inputs).map(([input, tensor], i) => scope.placeholder(input, tensor, i))
    let program!: Program<Inputs, Outputs>
    const run = () => requireResult(name, body(inputs, this.state) as ErasedResult<Outputs>)
    const eager = tf.tidy(() => {
      const result = watchingBackend(() => recordingTo(scope.root, run))
      program = scope.finish(placeholders, result)
      return withOwnData(resultTensors(result))
    })
    this.captured.set(name, { program, eager: eagerRun(inputs, program, eager, scope.changed) })
    return program
  }

  /**
   * Compiles all programs captured so far into one session, in one form, with the state at its first values. Each program first runs on its examples and must
   * give what the eager run gave, within the form's tolerance (`ReplayDiffers`).
   */
  load(form: Form = processForm()): ProgramSession<State> {
    return this.loaded(form, () => {})
  }

  /** `load`, then `dispose`, in less memory: what each program's check compares with is freed when it is done. */
  finish(form: Form = processForm()): ProgramSession<State> {
    try {
      return this.loaded(form, disposeOfRun)
    } finally {
      this.dispose()
    }
  }

  /** Frees the first state and the eager values; sessions live on. */
  dispose(): void {
    for (const { eager } of this.captured.values()) disposeOfRun(eager)
    tf.dispose(tensorsOf(this.state))
    this.captured.clear()
    releaseMemory()
  }

  private loaded(form: Form, onChecked: (eager: EagerRun) => void): ProgramSession<State> {
    this.requireRoom()
    return ProgramSession.load({
      graph: form.rewrite(this.graph()),
      form,
      state: this.state,
      variables: this.stateNodes.variables,
      // The one that needs most memory last, when the others' values are gone.
      runs: [...this.captured.values()].sort((one, other) => one.program.peakBytes - other.program.peakBytes),
      onChecked,
    })
  }

  private requireRoom(): void {
    const state = this.stateNodes.variables.reduce((sum, { type }) => sum + bytesOf(type), 0)
    requireRoomFor(state, Math.max(0, ...[...this.captured.values()].map(({ program }) => program.peakBytes - state)))
  }

  private graph(): Graph {
    const programs = [...this.captured.values()].map(({ program }) => program)
    return {
      nodes: [...this.stateNodes.nodes, ...programs.flatMap(({ nodes }) => nodes)],
      functions: programs.flatMap(({ functions }) => functions),
    }
  }
}

/** Tensors with data that no other tensor of the program shares: data are how a recording knows a tensor. */
function withOwnData<Tree extends TensorTree>(tree: Tree): Tree {
  return mapTensors(tree, (tensor) => {
    const { binding } = nativeBackend()
    const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: tensorTypeOf(tensor).dataType }
    return tf.keep(nativeBackend().executeSingleOutput('Identity', [type], [tensor]) as Tensor)
  })
}

/** Outputs, then new state. */
function resultTensors({ outputs, state }: ErasedResult<TensorTree>): Tensor[] {
  return [...tensorsOf(outputs), ...(state ? tensorsOf(state) : [])]
}

function disposeOfRun({ inputs, outputs, state }: EagerRun): void {
  tf.dispose([...outputs.map(({ tensor }) => tensor), ...state.values(), ...Object.values(inputs)])
}

function eagerRun(inputs: NamedTensors, program: Program, results: readonly Tensor[], changed: readonly string[]): EagerRun {
  const paths = leavesOf(program.outputs.shape).map(([path]) => path)
  return {
    inputs,
    outputs: paths.map((path, i) => ({ path, tensor: results[i]! })),
    state: new Map(changed.map((path, i) => [path, results[paths.length + i]!])),
  }
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

import { nativeBackend } from '../operator.ts'
import { tf, type Tensor } from '../tf.ts'
import { recordingTo, withIterationLimit } from './capturing.ts'
import { plain, type Form } from './forms.ts'
import { DataType, neededNodes, typeOf, type Graph, type GraphFunction, type GraphNode, type Reference } from './graph.ts'
import { checkedIterations } from './loop.ts'
import { peakBytes } from './peak-memory.ts'
import type { EagerRun, NamedTensors, Program, ProgramFunction } from './program.ts'
import { ProgramSession } from './program-session.ts'
import { Recording, requireSameType, tensorTypeOf, type ProgramRecording } from './recording.ts'
import { watchingBackend } from './recording-hooks.ts'
import { CaptureRefused } from './refusals.ts'
import { doneAttributes, doneType, StateNodes } from './state-nodes.ts'
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
    const scope = new ProgramScope(name, this.stateNodes, tensorsOf(this.state))
    const placeholders = Object.entries(inputs).map(([input, tensor], i) => scope.placeholder(input, tensor, i))
    let program!: Program<Inputs, Outputs>
    const run = (given: Inputs, state: State) => requireResult(name, body(given, state) as ErasedResult<Outputs>)
    const eager = tf.tidy(() => {
      const result = watchingBackend(() => recordingTo(scope.root, () => run(inputs, this.state)))
      program = scope.finish(placeholders, result)
      return withOwnData(resultTensors(result))
    })
    const again: EagerRun['again'] = (given, state) =>
      tf.tidy(() => withIterationLimit(checkedIterations, () => resultTensors(run(given as Inputs, state as State))))
    this.captured.set(name, { program, eager: eagerRun(inputs, program, eager, scope.changed, again) })
    return program
  }

  /**
   * Compiles all programs captured so far into one session, in one form, with the state at its first values. Each program first runs on its examples and must
   * give what the eager run gave, within the form's tolerance (`ReplayDiffers`).
   */
  load(form: Form = plain): ProgramSession<State> {
    const graph = form.rewrite(this.graph())
    return ProgramSession.load({
      graph,
      form,
      state: this.state,
      variables: this.stateNodes.variables,
      runs: [...this.captured.values()],
    })
  }

  /** Frees the first state and the eager values; sessions live on. */
  dispose(): void {
    for (const { eager } of this.captured.values()) {
      tf.dispose([...eager.outputs.map(({ tensor }) => tensor), ...eager.state.values(), ...Object.values(eager.inputs)])
    }
    tf.dispose(tensorsOf(this.state))
    this.captured.clear()
  }

  private graph(): Graph {
    const programs = [...this.captured.values()].map(({ program }) => program)
    return {
      nodes: [...this.stateNodes.nodes, ...programs.flatMap(({ nodes }) => nodes)],
      functions: programs.flatMap(({ functions }) => functions),
    }
  }
}

/** A result without the type of its state, which nests too deeply to be compared. */
interface ErasedResult<Outputs> {
  readonly outputs: Outputs
  readonly state?: TensorTree
}

/** Operators whose output may be the memory of an input of the program. */
const borrowing = new Set(['Placeholder', 'ReadVariableOp', 'Reshape', 'ExpandDims', 'Squeeze', 'Identity', 'StatelessWhile'])

/** The recording of one program, and the nodes by which it meets the outside. */
class ProgramScope {
  readonly root: Recording
  /** Paths of the state that the program changes, in the order of its results. */
  readonly changed: string[] = []
  private readonly functions: GraphFunction[] = []
  private readonly reads = new Map<number, GraphNode>()
  private limit: GraphNode | undefined

  constructor(
    private readonly name: string,
    private readonly stateNodes: StateNodes,
    state: readonly Tensor[],
  ) {
    const indices = new Map(state.map((tensor, i) => [tensor.dataId as object, i]))
    const program: ProgramRecording = {
      name,
      functions: this.functions,
      inner: new WeakSet(),
      resolve: ({ dataId }) => {
        const index = indices.get(dataId)
        return index === undefined ? undefined : { node: this.read(index), output: 0 }
      },
      iterationLimit: () => (this.limit ??= this.limitNode()),
      count: 0,
    }
    this.root = new Recording(program)
  }

  placeholder(input: string, tensor: Tensor, index: number): Program['inputs'][number] & { node: GraphNode } {
    const type = tensorTypeOf(tensor)
    const attributes = { dtype: { type: type.dataType }, shape: { shape: type.shape } }
    const name = `${this.name}/input_${index}`
    const node = this.root.add('Placeholder', [], attributes, [type], { name, fixed: false })
    this.root.bind(tensor, node)
    return { name: input, placeholder: name, type, node }
  }

  finish<Inputs extends NamedTensors, Outputs extends TensorTree>(
    placeholders: readonly (Program['inputs'][number] & { node: GraphNode })[],
    result: ErasedResult<Outputs>,
  ): Program<Inputs, Outputs> {
    const outputs = tensorsOf(result.outputs).map((tensor, i) =>
      this.identity(`${this.name}/output_${i}`, this.root.reference(tensor)),
    )
    const assignments = this.assignments(result.state)
    const done = assignments.length > 0 ? this.done(assignments) : undefined
    const nodes = neededNodes(this.root.nodes, [...placeholders.map(({ node }) => node), ...outputs, ...(done ? [done] : [])])
    return {
      name: this.name,
      inputs: placeholders.map(({ name, placeholder, type }) => ({ name, placeholder, type })),
      outputs: { shape: result.outputs, fetched: outputs.map((node) => node.name) },
      done: done?.name,
      iterationLimit: this.limit && nodes.includes(this.limit) ? this.limit.name : undefined,
      nodes,
      functions: this.functions,
      peakBytes: peakBytes(
        nodes,
        this.functions,
        this.stateNodes.variables.map(({ type }) => type),
      ),
    }
  }

  /** The value of a state variable as this program finds it. */
  private read(index: number): GraphNode {
    const known = this.reads.get(index)
    if (known) return known
    const { handle, type } = this.stateNodes.variables[index]!
    const attributes = { dtype: { type: type.dataType } }
    const node = this.root.add('ReadVariableOp', [{ node: handle, output: 0 }], attributes, [type], { fixed: false })
    this.reads.set(index, node)
    return node
  }

  /**
   * Assignments of the returned state, each after every reading of its variable. What comes in from outside is copied first: a variable would
   * otherwise share memory that belongs to JavaScript, and give it back on a thread of TensorFlow's.
   */
  private assignments(state: TensorTree | undefined): GraphNode[] {
    if (!state) return []
    const updates = leavesOf(state).map(([path, tensor]) => {
      const index = this.stateNodes.variables.findIndex((variable) => variable.path === path)
      const variable = this.stateNodes.variables[index]
      if (!variable) {
        throw new CaptureRefused(`${this.name} returns state ${path}, which was not declared; declare it with a first value.`)
      }
      requireSameType(`the state ${path}`, variable.type, tensorTypeOf(tensor))
      return { index, variable, value: this.ownMemory(this.root.reference(tensor)) }
    })
    this.changed.push(...updates.map(({ variable }) => variable.path))
    return updates.map(({ index, variable, value }) => {
      const controls = this.reads.has(index) ? [this.reads.get(index)!] : []
      const inputs = [{ node: variable.handle, output: 0 }, value]
      return this.root.add('AssignVariableOp', inputs, { dtype: { type: variable.type.dataType } }, [], {
        controls,
        fixed: false,
      })
    })
  }

  private ownMemory(value: Reference): Reference {
    if (!borrowing.has(value.node.operator)) return value
    const type = typeOf(value)
    return { node: this.root.add('DeepCopy', [value], { T: { type: type.dataType } }, [type], { fixed: false }), output: 0 }
  }

  private identity(name: string, value: Reference): GraphNode {
    const type = value.node.outputs[value.output]!
    return this.root.add('Identity', [value], { T: { type: type.dataType } }, [type], { name })
  }

  private done(controls: GraphNode[]): GraphNode {
    return this.root.add('Const', [], doneAttributes, [doneType], { name: `${this.name}/done`, controls, fixed: false })
  }

  private limitNode(): GraphNode {
    const type = { dataType: DataType.int32, shape: [] }
    const attributes = { dtype: { type: type.dataType }, shape: { shape: type.shape } }
    return this.root.add('Placeholder', [], attributes, [type], { name: `${this.name}/iteration_limit`, fixed: false })
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

function eagerRun(
  inputs: NamedTensors,
  program: Program,
  results: readonly Tensor[],
  changed: readonly string[],
  again: EagerRun['again'],
): EagerRun {
  const paths = leavesOf(program.outputs.shape).map(([path]) => path)
  return {
    inputs,
    outputs: paths.map((path, i) => ({ path, tensor: results[i]! })),
    state: new Map(changed.map((path, i) => [path, results[paths.length + i]!])),
    again,
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

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nativeBackend } from '../operator.ts'
import { tf, type Tensor } from '../tf.ts'
import { agreementOf, type Agreement, type ComparedTensor } from './agreement.ts'
import type { Form } from './forms.ts'
import { sameType, type Graph } from './graph.ts'
import { checkedIterations } from './loop.ts'
import type { EagerRun, NamedTensors, PartOf, Program } from './program.ts'
import { tensorTypeOf } from './recording.ts'
import { ReplayDiffers } from './refusals.ts'
import { savedModelOf, servingTag } from './saved-model.ts'
import type { StateVariable } from './state-nodes.ts'
import { leavesOf, tensorsOf, withTensors, type TensorTree } from './tensor-tree.ts'

interface Loading {
  readonly graph: Graph
  readonly form: Form
  readonly state: TensorTree
  readonly variables: readonly StateVariable[]
  readonly runs: readonly { readonly program: Program; readonly eager: EagerRun }[]
}

/** Programs compiled into one TensorFlow session, and the state they share. All calls block until the device is done. */
export class ProgramSession<State> {
  /** How each program's first replay agreed with its eager run. */
  readonly agreements: ReadonlyMap<string, Agreement>
  readonly form: string

  private constructor(
    private readonly id: number,
    private readonly loading: Omit<Loading, 'runs' | 'graph'>,
    runs: Loading['runs'],
  ) {
    this.form = loading.form.name
    this.agreements = new Map(runs.map((run) => [run.program.name, this.check(run)]))
    this.assign(leavesOf(loading.state))
  }

  /** Writes the graph as a SavedModel, since the binding loads nothing else, and takes the file away at once. */
  static load<State>({ graph, runs, ...loading }: Loading): ProgramSession<State> {
    const folder = mkdtempSync(join(tmpdir(), 'gauntlet-program-'))
    let id: number
    try {
      writeFileSync(join(folder, 'saved_model.pb'), savedModelOf(graph))
      id = nativeBackend().binding.loadSavedModel(folder, servingTag)
    } finally {
      rmSync(folder, { recursive: true })
    }
    try {
      return new ProgramSession(id, loading, runs)
    } catch (error) {
      nativeBackend().binding.deleteSavedModel(id)
      throw error
    }
  }

  /** Runs a program once. Its outputs are the caller's to dispose of; the state it returned is in place for the next run. */
  run<Inputs extends NamedTensors, Outputs extends TensorTree>(program: Program<Inputs, Outputs>, inputs: Inputs): Outputs {
    return withTensors<Outputs>(program.outputs.shape, this.execute(program as Program, inputs, {}))
  }

  /** The state's present values, copied to the host; the caller's to dispose of. */
  state(): State {
    const { state, variables } = this.loading
    return withTensors(
      state,
      this.fetch(
        [],
        variables.map(({ value }) => value.name),
      ),
    ) as State
  }

  /** Sets some of the state, as a resumed checkpoint does. The tensors remain the caller's. */
  setState(part: PartOf<State>): void {
    this.assign(leavesOf(part as TensorTree))
  }

  /** Frees the session and its state. */
  dispose(): void {
    nativeBackend().binding.deleteSavedModel(this.id)
  }

  private assign(leaves: readonly (readonly [path: string, tensor: Tensor])[]): void {
    const variables = new Map(this.loading.variables.map((variable) => [variable.path, variable]))
    const fed = leaves.map(([path, tensor]) => {
      const variable = variables.get(path)
      if (!variable) throw new TypeError(`The session has no state ${path}; set what was declared.`)
      requireType(`state ${path}`, variable, tensor)
      return { variable, tensor }
    })
    if (fed.length === 0) return
    const feeds = fed.map(({ variable, tensor }) => ({ name: variable.given.name, tensor }))
    tf.dispose(
      this.fetch(
        feeds,
        fed.map(({ variable }) => variable.isSet.name),
      ),
    )
  }

  private execute(program: Program, inputs: NamedTensors, limits: { iterations?: Tensor }): Tensor[] {
    const feeds = program.inputs.map(({ name, placeholder, type }) => {
      const tensor = inputs[name]
      if (!tensor) throw new TypeError(`${program.name} needs the input ${name}.`)
      requireType(`input ${name} of ${program.name}`, { type }, tensor)
      return { name: placeholder, tensor }
    })
    if (limits.iterations && program.iterationLimit) feeds.push({ name: program.iterationLimit, tensor: limits.iterations })
    const { fetched } = program.outputs
    const values = this.fetch(feeds, program.done ? [...fetched, program.done] : fetched)
    if (program.done) values.pop()!.dispose()
    return values
  }

  private fetch(feeds: readonly { name: string; tensor: Tensor }[], names: readonly string[]): Tensor[] {
    if (names.length === 0) return []
    const information = feeds.map(({ name }) => ({ name, tfDtype: 'DT_FLOAT' }))
    return nativeBackend().runSavedModel(
      this.id,
      feeds.map(({ tensor }) => tensor),
      information as never,
      [...names],
    ) as Tensor[]
  }

  private check({ program, eager }: Loading['runs'][number]): Agreement {
    this.assign(leavesOf(this.loading.state))
    const iterations = tf.scalar(checkedIterations, 'int32')
    const actual = this.execute(program, eager.inputs, { iterations })
    const after = eager.state.size > 0 ? this.state() : undefined
    const first = new Map(leavesOf(this.loading.state))
    const pairs: ComparedTensor[] = eager.outputs.map(({ path, tensor }, i) => ({
      where: `output ${path}`,
      expected: tensor,
      actual: actual[i]!,
    }))
    for (const [path, tensor] of after ? leavesOf(after as TensorTree) : []) {
      const expected = eager.state.get(path)
      if (expected) pairs.push({ where: `state ${path}`, expected, actual: tensor, before: first.get(path)! })
    }
    const agreement = agreementOf(pairs)
    tf.dispose([iterations, ...actual, ...(after ? tensorsOf(after as TensorTree) : [])])
    const { name, tolerance } = this.loading.form
    if (agreement.deviation <= tolerance) return agreement
    throw new ReplayDiffers(
      `${program.name} in the form ${name} gives ${agreement.where} ${agreement.deviation.toExponential(1)} away from its eager run (allowed: ${tolerance}); use another form.`,
    )
  }
}

function requireType(what: string, { type }: Pick<StateVariable, 'type'>, tensor: Tensor): void {
  if (sameType(type, tensorTypeOf(tensor))) return
  throw new TypeError(
    `The ${what} is [${tensor.shape.join(', ')}] ${tensor.dtype}; the program was captured for [${type.shape.join(', ')}].`,
  )
}

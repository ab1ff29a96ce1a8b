import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { oneDnnOf } from '../device-variables.ts'
import { nativeBackend } from '../operator.ts'
import { releaseMemory } from '../tensor-memory.ts'
import { tf, type Tensor } from '../tf.ts'
import type { AssignedValue, DeviceSession, ProgramCost } from './device-session.ts'
import { withFusedOperators } from '../graphs/fused-operators.ts'
import type { Graph } from '../graphs/graph.ts'
import { withLoopFrames } from '../graphs/loop-frames.ts'
import type { Program } from './program.ts'
import { savedModelOf, servingTag } from '../graphs/saved-model.ts'
import type { StateVariable } from './state-nodes.ts'

/** Without oneDNN TensorFlow has no kernels for some fused operators, and reports that only when it runs them. */
function fusesOperators(): boolean {
  return oneDnnOf(process.env) === true
}

/** Programs compiled into one session of TensorFlow, whose variables are resources of the graph. */
export class TensorflowSession implements DeviceSession {
  readonly tolerance = 1e-5
  /** TensorFlow compiles a program when it first runs. */
  readonly costs = new Map<string, ProgramCost>()
  /** The names of the programs that TensorFlow has compiled. It compiles a program when it first runs. */
  private readonly hasRun = new Set<string>()

  private constructor(
    private readonly id: number,
    readonly compiled: Uint8Array,
  ) {}

  /** Writes the graph as a SavedModel, since the binding loads nothing else, and removes the file at once. */
  static open(graph: Graph): TensorflowSession {
    const model = savedModelOf(withLoopFrames(fusesOperators() ? withFusedOperators(graph) : graph))
    const folder = mkdtempSync(join(tmpdir(), 'gauntlet-program-'))
    try {
      writeFileSync(join(folder, 'saved_model.pb'), model)
      return new TensorflowSession(nativeBackend().binding.loadSavedModel(folder, servingTag), model)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  /** The limit of the iterations is always fed, since TensorFlow compiles a program anew for every set of feeds. */
  run(program: Program, inputs: readonly Tensor[], iterations: Tensor): Tensor[] {
    const feeds = program.inputs.map(({ placeholder }, i) => ({ name: placeholder, tensor: inputs[i]! }))
    if (program.iterationLimit) feeds.push({ name: program.iterationLimit, tensor: iterations })
    const { fetched } = program.outputs
    const values = this.fetch(feeds, program.done ? [...fetched, program.done] : fetched)
    if (program.done) values.pop()!.dispose()
    if (!this.hasRun.has(program.name)) {
      this.hasRun.add(program.name)
      releaseMemory() // compiling leaves free memory of up to a fifth of what a training step needs
    }
    return values
  }

  read(variables: readonly StateVariable[]): Tensor[] {
    return this.fetch(
      [],
      variables.map(({ value }) => value.name),
    )
  }

  assign(values: readonly AssignedValue[]): void {
    const feeds = values.map(({ variable, tensor }) => ({ name: variable.given.name, tensor }))
    const done = values.map(({ variable }) => variable.isSet.name)
    tf.dispose(this.fetch(feeds, done))
  }

  dispose(): void {
    nativeBackend().binding.deleteSavedModel(this.id)
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
}

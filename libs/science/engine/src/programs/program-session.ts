import { pjrtDevice } from '../pjrt/pjrt-device.ts'
import { PjrtSession } from '../pjrt/pjrt-session.ts'
import { collectBuffers } from '../tensor-memory.ts'
import { tf } from '../tf.ts'
import type { Agreement } from './agreement.ts'
import type { DeviceSession, ProgramCost } from '../sessions/device-session.ts'
import { agreementsOf, type Loading } from './program-checks.ts'
import type { NamedTensors, PartOf, Program } from '../sessions/program.ts'
import { assignLeaves, runWith } from '../sessions/session-values.ts'
import { TensorflowSession } from '../sessions/tensorflow-session.ts'
import { leavesOf, withTensors, type TensorTree } from '../sessions/tensor-tree.ts'

/** Programs compiled for one device, and the state that they share. All calls block until the device is done. */
export class ProgramSession<State> {
  private readonly unlimited = tf.keep(tf.scalar(0x7fffffff, 'int32'))

  private constructor(
    private readonly session: DeviceSession,
    private readonly loading: Loading,
    /** How well the first run of each program agreed with its eager run, on this machine or one of its kind. */
    readonly agreements: ReadonlyMap<string, Agreement>,
  ) {
    assignLeaves(session, loading.variables, leavesOf(loading.state))
  }

  /**
   * Compiles programs for the device of this process, and checks those that are not known. `smaller`: the programs of
   * these names with smaller batches, by which an accelerator's are checked.
   */
  static load<State>(loading: Loading, smaller?: (names: readonly string[]) => Loading): ProgramSession<State> {
    const session = openSession(loading)
    try {
      collectBuffers() // those that the first state was made from
      const few = smaller && pjrtDevice() ? { open: openSession, loadingOf: smaller } : undefined
      const loaded = new ProgramSession<State>(session, loading, agreementsOf(session, loading, few))
      for (const observe of observers) observe(loaded)
      return loaded
    } catch (error) {
      session.dispose()
      throw error
    }
  }

  /** What the programs cost, where the device says so before they run. */
  get costs(): ReadonlyMap<string, ProgramCost> {
    return this.session.costs
  }

  /**
   * Runs a program once. The caller disposes of the outputs. The state that the program returned is in place for the
   * next run.
   */
  run<Inputs extends NamedTensors, Outputs extends TensorTree>(
    program: Program<Inputs, Outputs>,
    inputs: Inputs,
  ): Outputs {
    const outputs = runWith(this.session, program as Program, inputs, this.unlimited)
    return withTensors<Outputs>(program.outputs.shape, outputs)
  }

  /** The present values of the state, copied to the host. The caller disposes of them. */
  state(): State {
    const { state, variables } = this.loading
    return withTensors(state, this.session.read(variables)) as State
  }

  /** Sets part of the state, as for a resumed checkpoint. The caller keeps the given tensors. */
  setState(part: PartOf<State>): void {
    assignLeaves(this.session, this.loading.variables, leavesOf(part as TensorTree))
  }

  /** Frees the session and its state. */
  dispose(): void {
    this.unlimited.dispose()
    this.session.dispose()
  }
}

function openSession({ graph, programs, variables }: Loading): DeviceSession {
  const device = pjrtDevice()
  if (!device) return TensorflowSession.open(graph)
  return PjrtSession.open(
    device,
    graph,
    programs.map(({ program }) => program),
    variables,
  )
}

type SessionObserver = (session: Pick<ProgramSession<unknown>, 'agreements' | 'costs'>) => void

const observers = new Set<SessionObserver>()

/** Calls `observe` with every session that is loaded while `work` runs. */
export async function observingSessions<Result>(
  observe: SessionObserver,
  work: () => Promise<Result> | Result,
): Promise<Result> {
  observers.add(observe)
  try {
    return await work()
  } finally {
    observers.delete(observe)
  }
}

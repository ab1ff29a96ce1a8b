import { releaseMemory } from '../tensor-memory.ts'
import { tf, type Tensor } from '../tf.ts'
import type { Agreement } from './agreement.ts'
import type { DeviceSession } from '../sessions/device-session.ts'
import { firstReplayAgreement, type Jitter } from './first-replay.ts'
import type { Graph } from '../graphs/graph.ts'
import { keptAgreements } from './kept-agreements.ts'
import { checkedIterations } from './loop.ts'
import type { Precision } from '../graphs/precision.ts'
import type { EagerRun, Program } from '../sessions/program.ts'
import { assignLeaves, runWith } from '../sessions/session-values.ts'
import type { StateVariable } from '../sessions/state-nodes.ts'
import { leavesOf, type TensorTree } from '../sessions/tensor-tree.ts'

/** A program, and the function that runs its code eagerly. */
export interface CheckedProgram {
  readonly program: Program
  readonly eagerly: () => EagerRun
}

/** Programs that are compiled together, in one precision, with the state that they share. */
export interface Loading {
  readonly graph: Graph
  readonly precision: Precision
  readonly state: TensorTree
  readonly variables: readonly StateVariable[]
  readonly programs: readonly CheckedProgram[]
}

/** Opens a session of the device of this process. */
export type OpenSession = (loading: Loading) => DeviceSession

/**
 * How well the first run of each program agrees with its eager run, on this machine or one of its kind; throws
 * `ReplayDiffers` where one does not. Where `smaller` is given, the programs that are not known are compared in a
 * session of their own with smaller batches: eager code runs on the CPU, where a batch of an accelerator would take
 * minutes and more memory than there is.
 */
export function agreementsOf(
  session: DeviceSession,
  loading: Loading,
  smaller?: { readonly open: OpenSession; loadingOf(names: readonly string[]): Loading },
): ReadonlyMap<string, Agreement> {
  const kept = keptAgreements(session.compiled, loading.precision)
  const known = kept.find() ?? new Map<string, Agreement>()
  const unknown = loading.programs.filter(({ program }) => !known.has(program.name))
  if (unknown.length === 0) return known
  const found = smaller
    ? ofSmaller(smaller.open, smaller.loadingOf(unknown.map(({ program }) => program.name)))
    : checked(session, loading, unknown)
  const all = new Map([...known, ...found])
  kept.keep(all)
  return all
}

function ofSmaller(open: OpenSession, loading: Loading): ReadonlyMap<string, Agreement> {
  const session = open(loading)
  try {
    return agreementsOf(session, loading)
  } finally {
    session.dispose()
  }
}

/** Checks the programs. All eager runs come first, while the session has no memory for its state yet. */
function checked(
  session: DeviceSession,
  { precision, state, variables }: Loading,
  programs: readonly CheckedProgram[],
): Map<string, Agreement> {
  const allowed = { ...precision, tolerance: Math.max(precision.tolerance, session.tolerance) }
  const eagerRuns: EagerRun[] = []
  try {
    for (const { eagerly } of programs) {
      eagerRuns.push(eagerly())
      releaseMemory()
    }
    return new Map(
      programs.map(({ program }, i) => {
        const eager = eagerRuns[i]!
        const replay = (jittered?: Jitter) => replayed(session, { state, variables }, program, eager, jittered)
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
function replayed(
  session: DeviceSession,
  { state, variables }: Pick<Loading, 'state' | 'variables'>,
  program: Program,
  eager: EagerRun,
  jittered: Jitter = (tree) => tree,
): Tensor[] {
  tf.tidy(() => assignLeaves(session, variables, leavesOf(jittered(state))))
  const outputs = tf.tidy(() =>
    runWith(session, program, jittered(eager.inputs), tf.scalar(checkedIterations, 'int32')),
  )
  const changed = variables.filter(({ path }) => eager.state.has(path))
  const values = session.read(changed)
  const byPath = new Map(changed.map(({ path }, i) => [path, values[i]!]))
  return [...outputs, ...[...eager.state.keys()].map((path) => byPath.get(path)!)]
}

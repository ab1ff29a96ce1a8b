import { environmentOf, type PlannedStage, type WorkerDescription } from '@gauntlet/contract'
import {
  fulfilledAbout,
  fulfilledOutputsOf,
  lastFailures,
  stageSubject,
  type KnownExecution,
  type LedgerDatabase,
} from '@gauntlet/ledger'
import type { Digest, KeyedStage, StageIdentity, StageName } from '@gauntlet/study'
import { differencesOfStage, formatDifferences, type Difference } from './differences.ts'

/**
 * Why a stage would run. `waits`: a stage before it runs first, so its key is not known. `failed`: it has this very
 * key, and its last attempt failed. `lost`: it was fulfilled under this key, and an artifact of it is missing or
 * corrupt. `differs`: the nearest that is known differs from it in this. `first`: nothing of its dataset or backbone is
 * known.
 */
export type ReasonToRun =
  | { readonly why: 'waits' | 'lost' | 'first' }
  | { readonly why: 'failed'; readonly failureClass: string; readonly message: string }
  | { readonly why: 'differs'; readonly from: Digest; readonly differences: readonly Difference[] }

/** Stages that would run for one reason. */
export interface StagesToRun {
  readonly stage: StageName
  readonly reason: ReasonToRun
  readonly stages: readonly PlannedStage[]
}

/** Finds out of every planned stage that would run why it does, and groups them by stage and reason. */
export async function reasonsToRun(
  planned: readonly PlannedStage[],
  db: LedgerDatabase,
  worker: WorkerDescription,
): Promise<StagesToRun[]> {
  const open = planned.filter(({ state }) => state === 'open')
  const keys = open.flatMap(({ stageKey }) => (stageKey ? [stageKey] : []))
  const [recorded, failures] = await Promise.all([fulfilledOutputsOf(db, keys), lastFailures(db, keys)])
  const known = await knownOf(open, db)
  const reasonOf = ({ stageKey, identity }: PlannedStage): ReasonToRun => {
    if (!stageKey || !identity) return { why: 'waits' }
    if (recorded.has(stageKey)) return { why: 'lost' }
    const failure = failures.get(stageKey)
    if (failure) return { why: 'failed', ...failure }
    return nearest(identity, known.get(subjectOf(identity)) ?? [], worker)
  }
  const groups = new Map<string, StagesToRun & { readonly stages: PlannedStage[] }>()
  for (const each of open) {
    const reason = reasonOf(each)
    const name = `${each.stage} ${formatReason(reason)}`
    const group = groups.get(name)
    if (group) group.stages.push(each)
    else groups.set(name, { stage: each.stage, reason, stages: [each] })
  }
  return [...groups.values()]
}

/** What is recorded of the stages and subjects that would run, by `subjectOf`. */
async function knownOf(open: readonly PlannedStage[], db: LedgerDatabase): Promise<Map<string, KnownExecution[]>> {
  const identities = open.flatMap(({ identity }) => (identity ? [identity] : []))
  const known = new Map<string, KnownExecution[]>()
  for (const stage of new Set(identities.map((identity) => identity.stage))) {
    const subjects = identities.filter((identity) => identity.stage === stage).map(stageSubject)
    for (const execution of await fulfilledAbout(db, stage, [...new Set(subjects)])) {
      const subject = subjectOf(execution)
      const others = known.get(subject)
      if (others) others.push(execution)
      else known.set(subject, [execution])
    }
  }
  return known
}

/** What a stage is about: two executions of one subject may be compared. */
function subjectOf(of: { readonly stage: StageName; readonly parameters: unknown }): string {
  const { perturbation } = of.parameters as { readonly perturbation?: { readonly name: string } }
  return [of.stage, stageSubject(of), perturbation?.name ?? ''].join(' ')
}

/** The recorded execution with the fewest differences, the latest of several. */
function nearest(identity: StageIdentity, known: readonly KnownExecution[], worker: WorkerDescription): ReasonToRun {
  const { environment } = environmentOf(worker, identity.stage as KeyedStage)
  let best: { readonly execution: KnownExecution; readonly differences: Difference[] } | undefined
  for (const execution of known) {
    const differences = differencesOfStage(execution, identity, environment)
    const fewer = differences.length - (best?.differences.length ?? Infinity)
    if (fewer < 0 || (fewer === 0 && execution.fulfilledAt > best!.execution.fulfilledAt))
      best = { execution, differences }
  }
  return best ? { why: 'differs', from: best.execution.stageKey, differences: best.differences } : { why: 'first' }
}

/** A reason as a line for people. */
export function formatReason(reason: ReasonToRun): string {
  switch (reason.why) {
    case 'waits':
      return 'a stage before it runs first'
    case 'first':
      return 'nothing of this kind is recorded'
    case 'lost':
      return 'it is recorded, and an artifact of it is missing or corrupt'
    case 'failed':
      return `its last attempt failed: ${reason.failureClass}, ${reason.message}`
    case 'differs':
      return `unlike the nearest that is recorded: ${formatDifferences(reason.differences)}`
  }
}

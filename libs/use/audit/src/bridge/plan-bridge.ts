import { planPlaced } from '@gauntlet/client'
import { codeOfIdentity, type PlannedStage, type StageCode, type WorkerDescription } from '@gauntlet/contract'
import {
  fulfilledAbout,
  fulfilledOutputsOf,
  knownStages,
  outOfMemoryFacts,
  stageSubject,
  type BridgeRecord,
  type KnownExecution,
  type LedgerDatabase,
  type StudyEvidence,
} from '@gauntlet/ledger'
import { digestOf, stages as stageOrder, type Digest, type StageIdentity, type StageName } from '@gauntlet/study'

/** A change of code among the stages of a study. */
export interface CodeChange {
  readonly code: StageCode
  readonly from: Digest
  readonly to: Digest
}

/** A number that would rest on bridged stages. */
export interface BridgeableNumber {
  readonly measurementId: Digest
  /** The changes of code among the stages behind it. */
  readonly changes: readonly CodeChange[]
}

/** What a bridge of a study would consist of. */
export interface BridgePlan {
  readonly stages: BridgeRecord['stages']
  readonly changes: readonly CodeChange[]
  /** The numbers that rest on its stages, in the order of the table. */
  readonly numbers: readonly BridgeableNumber[]
  /** The first stage whose code changed: what is made before it is known under the present code. */
  readonly first: StageName
}

/** A planned stage, and the fulfilled one that differs from it in nothing but its code. */
interface Twin {
  readonly recordedKey: Digest
  readonly codeDigest: Digest
  readonly change: CodeChange
}

/**
 * Finds the stages of a study that workers of this description would do again only because their code changed: the
 * ledger has a stage of the same parameters, seed, inputs and environment class by other code. Later stages are planned
 * on what that one made. Changes that no number rests on are left out, since nothing could be compared. Null where
 * there is nothing to bridge.
 */
export async function planBridge(
  db: LedgerDatabase,
  evidence: StudyEvidence,
  worker: WorkerDescription,
): Promise<BridgePlan | null> {
  const twins = new Map<Digest, Twin>()
  const planned = await planPlaced(db, {
    configurations: evidence.configurations.map(({ configuration }) => configuration),
    perturbations: evidence.perturbations.map(({ perturbation }) => perturbation),
    worker,
    ranOutAt: await outOfMemoryFacts(db, worker.environmentClass),
    async recall(keys, identities) {
      const known = new Map(await knownStages(db, keys))
      const open = keys.filter((key) => !known.has(key))
      const found = await twinsOf(db, new Map(open.map((key) => [key, identities.get(key)!])))
      for (const [key, { twin, outputs }] of found) {
        twins.set(key, twin)
        known.set(key, outputs)
      }
      return known
    },
  })
  const numbers = numbersOn(evidence, planned, twins)
  const compared = new Set(numbers.flatMap(({ changes }) => changes.map(nameOfChange)))
  const bridged = [...twins].filter(([, { change }]) => compared.has(nameOfChange(change)))
  if (bridged.length === 0) return null
  const changes = [...new Map(bridged.map(([, { change }]) => [nameOfChange(change), change])).values()]
  const codes = new Set(changes.map(({ code }) => code.split('/')[0]))
  return {
    stages: bridged.map(([stageKey, { recordedKey, codeDigest }]) => ({ stageKey, recordedKey, codeDigest })),
    changes,
    numbers,
    first: stageOrder.find((stage) => codes.has(stage))!,
  }
}

export function nameOfChange({ code, from, to }: CodeChange): string {
  return [code, from, to].join(' ')
}

/** The latest fulfilled stage by other code for each of these identities, with what it made. */
async function twinsOf(db: LedgerDatabase, open: ReadonlyMap<Digest, StageIdentity>) {
  const recorded = new Map<Digest, KnownExecution>()
  for (const stage of new Set([...open.values()].map((identity) => identity.stage))) {
    const subjects = [...open.values()].filter((identity) => identity.stage === stage).map(stageSubject)
    for (const execution of await fulfilledAbout(db, stage, [...new Set(subjects)])) {
      const name = withoutCode({ ...execution, stage })
      const other = recorded.get(name)
      if (!other || other.fulfilledAt! < execution.fulfilledAt!) recorded.set(name, execution)
    }
  }
  const found = [...open].flatMap(([key, identity]) => {
    const execution = recorded.get(withoutCode(identity))
    return execution ? [[key, twinOf(identity, execution)] as const] : []
  })
  const outputs = await fulfilledOutputsOf(
    db,
    found.map(([, { recordedKey }]) => recordedKey),
  )
  return found.map(([key, twin]) => [key, { twin, outputs: outputs.get(twin.recordedKey)! }] as const)
}

function twinOf(identity: StageIdentity, { stageKey, codeDigest }: KnownExecution): Twin {
  const change = { code: codeOfIdentity(identity), from: codeDigest, to: identity.codeDigest }
  return { recordedKey: stageKey, codeDigest: identity.codeDigest, change }
}

/** A digest of everything in an identity but the code. */
function withoutCode({ stage, environmentClass, parameters, seed, inputs }: Omit<StageIdentity, 'codeDigest'>): Digest {
  return digestOf({ stage, environmentClass, parameters, seed, inputs })
}

/** The recorded numbers that rest on such stages, each with the changes behind it. */
function numbersOn(
  { configurations, measurements }: StudyEvidence,
  planned: readonly PlannedStage[],
  twins: ReadonlyMap<Digest, Twin>,
): BridgeableNumber[] {
  const twinAt = ({ stageKey }: PlannedStage) => (stageKey === null ? undefined : twins.get(stageKey))
  const idOf = new Map(configurations.map(({ configuration, id }) => [configuration, id]))
  const before = new Map<Digest, CodeChange[]>()
  for (const stage of planned) {
    const twin = stage.perturbation ? undefined : twinAt(stage)
    if (!twin) continue
    for (const configuration of stage.configurations) {
      const id = idOf.get(configuration)!
      before.set(id, [...(before.get(id) ?? []), twin.change])
    }
  }
  const measured = new Map(measurements.map((each) => [`${each.configurationId} ${each.stageKey}`, each.measurementId]))
  return planned.flatMap((stage) => {
    if (!stage.perturbation || stage.state !== 'fulfilled') return []
    const twin = twinAt(stage)
    const key = twin?.recordedKey ?? stage.bridge?.recordedKey ?? stage.stageKey!
    return stage.configurations.flatMap((configuration) => {
      const id = idOf.get(configuration)!
      const changes = [...(before.get(id) ?? []), ...(twin ? [twin.change] : [])]
      const measurementId = measured.get(`${id} ${key}`)
      return measurementId && changes.length > 0 ? [{ measurementId, changes }] : []
    })
  })
}

import {
  auditedBridges,
  auditedExecutions,
  auditedGrid,
  auditedMeasurements,
  environmentsOf,
  producersOf,
  type AuditedBridge,
  type AuditedExecution,
  type AuditedGrid,
  type AuditedMeasurement,
  type LedgerDatabase,
  type Producer,
} from '@gauntlet/ledger'
import type { Digest, Json, StageName } from '@gauntlet/study'

/** Everything that the ledger has of a study's numbers, read once and held in memory: some 2 KB an execution. */
export interface StudyRecord {
  readonly grid: AuditedGrid
  /** The numbers of its cells, those under older keys too. */
  readonly measurements: readonly AuditedMeasurement[]
  /** The evaluations of these numbers and all that they rest on. */
  readonly executions: ReadonlyMap<Digest, AuditedExecution>
  /** The fulfilled executions that generated an input, by `digest role`. */
  readonly producers: ReadonlyMap<string, readonly AuditedExecution[]>
  /** What edges say to have generated an input, although it is not fulfilled, has no row, or makes no such input. */
  readonly pretenders: ReadonlyMap<Digest, readonly Producer[]>
  readonly environments: ReadonlyMap<Digest, Json | null>
  /** The bridges over code changes that stand. */
  readonly bridges: readonly AuditedBridge[]
  /** The row of a measurement in the table of the study, from 1. */
  rowOf(measurement: AuditedMeasurement): number
}

/** Where an input comes from: the stage that must have generated it, and the role it had there. */
export interface Origin {
  readonly stage: StageName
  readonly role: string
}

/** The origins that each input may have, by its role; none for what comes from outside the store. */
export const originsOf: Readonly<Record<string, readonly Origin[]>> = {
  source: [],
  weights: [],
  manifest: [{ stage: 'prepare-dataset', role: 'manifest' }],
  images: [{ stage: 'prepare-dataset', role: 'images' }],
  parameters: [{ stage: 'pretrain-load', role: 'parameters' }],
  // Where nothing is trained, the checkpoint is made of the weights as they were loaded.
  trained: [
    { stage: 'fine-tune', role: 'trained' },
    { stage: 'pretrain-load', role: 'parameters' },
  ],
  checkpoint: [{ stage: 'checkpoint', role: 'checkpoint' }],
}

/**
 * Reads the record of a study by id or name. Executions are followed by the inputs that their keys were made from, not
 * by their edges, so that an edge which is gone hides nothing. Throws `StudyUnknown`.
 */
export async function readRecord(
  db: LedgerDatabase,
  study: string,
  onProgress: (executions: number) => void = () => undefined,
): Promise<StudyRecord> {
  const grid = await auditedGrid(db, study)
  const keys = new Map(grid.perturbations.map(({ key, position }) => [key, position]))
  const positions = new Map(grid.configurations.map(({ id, position }) => [id, position]))
  const all = await auditedMeasurements(db, [...positions.keys()])
  const measurements = all.filter(({ perturbationKey }) => keys.has(perturbationKey))
  const lineage = await readLineage(db, [...new Set(measurements.map(({ stageKey }) => stageKey))], onProgress)
  const classes = new Set([...lineage.executions.values()].map(({ identity }) => identity.environmentClass))
  return {
    grid,
    measurements,
    ...lineage,
    environments: await environmentsOf(db, [...classes]),
    bridges: await auditedBridges(db, grid.id),
    rowOf: ({ configurationId, perturbationKey }) =>
      positions.get(configurationId)! * grid.perturbations.length + keys.get(perturbationKey)! + 1,
  }
}

/** Evaluations and what they rest on, a level of the DAG at a time. */
async function readLineage(
  db: LedgerDatabase,
  evaluations: readonly Digest[],
  onProgress: (executions: number) => void,
): Promise<Pick<StudyRecord, 'executions' | 'producers' | 'pretenders'>> {
  const executions = new Map<Digest, AuditedExecution>()
  const made = new Map<string, Set<Digest>>()
  const pretenders = new Map<Digest, Producer[]>()
  let open = evaluations
  while (open.length > 0) {
    const found = await auditedExecutions(db, open)
    for (const execution of found) executions.set(execution.stageKey, execution)
    onProgress(executions.size)
    const wanted = new Set(found.flatMap(inputsOf).filter((each) => !made.has(each)))
    for (const each of wanted) made.set(each, new Set())
    for (const producer of await producersOf(db, [...new Set([...wanted].map((each) => each.split(' ')[0]!))])) {
      const inputs = rolesMadeBy(producer).flatMap((role) => made.get(`${producer.digest} ${role}`) ?? [])
      for (const input of inputs) input.add(producer.stageKey)
      if (inputs.length === 0) pretenders.set(producer.digest, [...(pretenders.get(producer.digest) ?? []), producer])
    }
    open = [...new Set([...wanted].flatMap((each) => [...made.get(each)!]))].filter((key) => !executions.has(key))
  }
  const producers = [...made].map(([each, stageKeys]) => {
    return [each, [...stageKeys].map((key) => executions.get(key)!)] as const
  })
  return { executions, producers: new Map(producers), pretenders }
}

function inputsOf({ identity }: AuditedExecution): string[] {
  return Object.entries(identity.inputs).map(([role, digest]) => `${digest} ${role}`)
}

/** The roles of inputs that a fulfilled execution makes when it generates in this role. */
function rolesMadeBy({ stage, state, role }: Producer): string[] {
  if (state !== 'fulfilled') return []
  return Object.keys(originsOf).filter((input) =>
    originsOf[input]!.some((origin) => origin.stage === stage && origin.role === role),
  )
}

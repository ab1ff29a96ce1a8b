import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm'
import { stageKey as keyOf, type Digest, type StageIdentity } from '@gauntlet/study'
import { isAnyOf } from '../database/any-of.ts'
import { inBatches } from '../database/in-batches.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { executionsWhere } from '../executions/execution-graph.ts'
import {
  bridge,
  bridgedStage,
  bridgeEvidence,
  execution,
  measurement,
  reproduction,
  studyConfiguration,
} from '../schema/index.ts'

/** A bridge over a code change, as it was made and perhaps revoked. */
export type Bridge = typeof bridge.$inferSelect & { readonly stages: number; readonly reproductions: readonly number[] }

/** A bridge that a stage is known by under other code. */
export interface BridgeOfStage extends Bridge {
  readonly recordedKey: Digest
  readonly stageKey: Digest
  /** The other code. */
  readonly codeDigest: Digest
}

/** What is recorded of a bridge. */
export interface BridgeRecord {
  readonly studyId: Digest
  /** The share of the numbers that was asked for, in (0, 1]. */
  readonly share: number
  /** How many numbers rest on its stages. */
  readonly numbers: number
  /** The reproductions by the other code, each of which ended in the same bytes. */
  readonly reproductions: readonly number[]
  readonly stages: readonly { readonly stageKey: Digest; readonly codeDigest: Digest; readonly recordedKey: Digest }[]
}

/** What a bridge would rest on does not bear it. A retry does not help; the message says why. */
export class BridgeUnfounded extends Error {
  override readonly name = 'BridgeUnfounded'
}

/** There is no such bridge of this study, or it was revoked before. A retry does not help. */
export class BridgeUnknown extends Error {
  override readonly name = 'BridgeUnknown'

  constructor(id: number, study: string) {
    super(
      `There is no bridge ${id} of ${study} that stands; npx gauntlet reproduce ${study} --bridges shows those that do.`,
    )
  }
}

/** What a reproduction says of a stage that it executed, as far as a bridge needs it. */
interface ReproducedStage {
  readonly stageKey?: Digest
  readonly codeDigest?: Digest
  readonly environmentClass?: Digest
}

/**
 * Records that the stages of a study count as done under other code, and gives the number of the bridge; recording it
 * again gives the same number. Every change of code among the stages must have been executed by one of the
 * reproductions, in the environment class of the record and with the same bytes. Throws `BridgeUnfounded`.
 */
export async function recordBridge(db: LedgerDatabase, record: BridgeRecord): Promise<number> {
  const { studyId, share, numbers, reproductions, stages } = record
  return db.transaction(async (transaction) => {
    await transaction.execute(sql`lock table ${bridgeEvidence} in share row exclusive mode`)
    const known = await bridgeOn(transaction, reproductions)
    if (known !== null) return known
    await requireFoundation(transaction, record)
    const [made] = await transaction.insert(bridge).values({ studyId, share, numbers }).returning({ id: bridge.id })
    const bridgeId = made!.id
    await transaction
      .insert(bridgeEvidence)
      .values(reproductions.map((reproductionId) => ({ reproductionId, bridgeId })))
    for (const batch of inBatches(stages))
      await transaction.insert(bridgedStage).values(batch.map((stage) => ({ ...stage, bridgeId })))
    await markChanged(transaction, bridgeId)
    return bridgeId
  })
}

/** The bridge that rests on these reproductions; null where none does. */
async function bridgeOn(db: LedgerDatabase, reproductions: readonly number[]): Promise<number | null> {
  const [found] = await db
    .select({ id: bridgeEvidence.bridgeId })
    .from(bridgeEvidence)
    .where(inArray(bridgeEvidence.reproductionId, [...reproductions]))
  return found?.id ?? null
}

async function requireFoundation(
  db: LedgerDatabase,
  { reproductions, stages }: Pick<BridgeRecord, 'reproductions' | 'stages'>,
): Promise<void> {
  if (reproductions.length === 0 || stages.length === 0)
    throw new BridgeUnfounded('A bridge needs a reproduction and a stage; reproduce a share of the study first.')
  const evidence = await db
    .select()
    .from(reproduction)
    .where(inArray(reproduction.id, [...reproductions]))
  const other = evidence.find(({ code, verdict }) => code !== 'current' || verdict !== 'same-bytes')
  if (other || evidence.length < reproductions.length)
    throw new BridgeUnfounded(
      `Reproduction ${other?.id ?? 'of this bridge'} did not end in the same bytes by present code; a bridge rests on such alone.`,
    )
  const identities = await identitiesOf(
    db,
    stages.map(({ recordedKey }) => recordedKey),
  )
  const executed = new Set(evidence.flatMap(({ details }) => changesIn(details, identities)))
  for (const { stageKey, codeDigest, recordedKey } of stages) {
    const identity = identities.get(recordedKey)
    if (!identity || keyOf({ ...identity, codeDigest }) !== stageKey)
      throw new BridgeUnfounded(`${stageKey} is not the key of ${recordedKey} by code ${codeDigest}; plan it again.`)
    if (!executed.has(changeName(identity, codeDigest)))
      throw new BridgeUnfounded(
        `No reproduction executed ${identity.stage} by code ${codeDigest} in environment class ${identity.environmentClass}; draw a larger share.`,
      )
  }
}

/** The identities of the fulfilled ones of these stages. */
async function identitiesOf(db: LedgerDatabase, keys: readonly Digest[]): Promise<Map<Digest, StageIdentity>> {
  const isAsked = sql`${isAnyOf(execution.stageKey, keys)} and ${execution.state} = 'fulfilled'`
  const rows = await executionsWhere(db, isAsked)
  return new Map(
    rows.map(({ stageKey, stage, codeDigest, environmentClass, parameters, seed, inputs }) => [
      stageKey,
      { stage: stage as StageIdentity['stage'], codeDigest, environmentClass, parameters, seed, inputs },
    ]),
  )
}

/** The changes of code that a reproduction executed in the environment class of the record. */
function changesIn(details: unknown, identities: ReadonlyMap<Digest, StageIdentity>): string[] {
  const { stages = [] } = details as { readonly stages?: readonly ReproducedStage[] }
  return stages.flatMap(({ stageKey, codeDigest, environmentClass }) => {
    const identity = stageKey && identities.get(stageKey)
    if (!identity || !codeDigest || identity.environmentClass !== environmentClass) return []
    return [changeName(identity, codeDigest)]
  })
}

/** A change of code: of which stage, from which bundle to which, and where. */
function changeName({ stage, codeDigest: from, environmentClass }: StageIdentity, to: Digest): string {
  return [stage, from, to, environmentClass].join(' ')
}

/** Revokes a bridge of a study that stands: its keys are open again. Throws `BridgeUnknown`. */
export async function revokeBridge(
  db: LedgerDatabase,
  study: { readonly id: Digest; readonly name: string },
  id: number,
  why: string,
): Promise<void> {
  await db.transaction(async (transaction) => {
    const [revoked] = await transaction
      .update(bridge)
      .set({ revokedAt: sql`clock_timestamp()`, revokedWhy: why })
      .where(and(eq(bridge.id, id), eq(bridge.studyId, study.id), isNull(bridge.revokedAt)))
      .returning({ id: bridge.id })
    if (!revoked) throw new BridgeUnknown(id, study.name)
    await markChanged(transaction, id)
  })
}

/** Lets readers that follow the ledger plan the study again, and the other configurations that have its stages. */
async function markChanged(db: LedgerDatabase, id: number): Promise<void> {
  const recorded = sql`select recorded_key from ${bridgedStage} where bridge_id = ${id}`
  const own = sql`select c.configuration_id from ${studyConfiguration} c
    join ${bridge} b on b.study_id = c.study_id where b.id = ${id}`
  await db
    .update(execution)
    .set({ stage: sql`${execution.stage}` })
    .where(sql`${execution.stageKey} in (${recorded})`)
  await db
    .update(measurement)
    .set({ id: sql`${measurement.id}` })
    .where(sql`${measurement.stageKey} in (${recorded}) or ${measurement.configurationId} in (${own})`)
}

/** Every bridge of a study, the last one first. */
export async function bridgesOf(db: LedgerDatabase, studyId: Digest): Promise<Bridge[]> {
  const rows = await db.select().from(bridge).where(eq(bridge.studyId, studyId)).orderBy(desc(bridge.id))
  return Promise.all(rows.map(async (row) => ({ ...row, ...(await extentOf(db, row.id)) })))
}

/** A standing bridge as its rows have it, for whoever checks them. */
export interface AuditedBridge {
  readonly id: number
  readonly stages: BridgeRecord['stages']
  readonly evidence: readonly { readonly id: number; readonly code: string; readonly verdict: string }[]
}

/** The standing bridges of a study as their rows have them. */
export async function auditedBridges(db: LedgerDatabase, studyId: Digest): Promise<AuditedBridge[]> {
  const standing = await db
    .select({ id: bridge.id })
    .from(bridge)
    .where(and(eq(bridge.studyId, studyId), isNull(bridge.revokedAt)))
    .orderBy(bridge.id)
  const { stageKey, codeDigest, recordedKey, bridgeId } = bridgedStage
  return Promise.all(
    standing.map(async ({ id }) => ({
      id,
      stages: await db.select({ stageKey, codeDigest, recordedKey }).from(bridgedStage).where(eq(bridgeId, id)),
      evidence: await db
        .select({ id: reproduction.id, code: reproduction.code, verdict: reproduction.verdict })
        .from(bridgeEvidence)
        .innerJoin(reproduction, eq(reproduction.id, bridgeEvidence.reproductionId))
        .where(eq(bridgeEvidence.bridgeId, id)),
    })),
  )
}

/** The bridges that lead to these stages, also the revoked ones, the last one first. */
export async function bridgesTo(db: LedgerDatabase, recordedKeys: readonly Digest[]): Promise<BridgeOfStage[]> {
  const { recordedKey, stageKey, codeDigest } = bridgedStage
  const rows = await db
    .select({ bridge, recordedKey, stageKey, codeDigest })
    .from(bridgedStage)
    .innerJoin(bridge, eq(bridge.id, bridgedStage.bridgeId))
    .where(inArray(recordedKey, [...recordedKeys]))
    .orderBy(desc(bridge.id), stageKey)
  const ids = [...new Set(rows.map(({ bridge: { id } }) => id))]
  const extents = new Map(await Promise.all(ids.map(async (id) => [id, await extentOf(db, id)] as const)))
  return rows.map(({ bridge: row, ...stage }) => ({ ...row, ...extents.get(row.id)!, ...stage }))
}

async function extentOf(db: LedgerDatabase, id: number): Promise<Pick<Bridge, 'stages' | 'reproductions'>> {
  const [stages, evidence] = await Promise.all([
    db.$count(bridgedStage, eq(bridgedStage.bridgeId, id)),
    db.select({ id: bridgeEvidence.reproductionId }).from(bridgeEvidence).where(eq(bridgeEvidence.bridgeId, id)),
  ])
  return { stages, reproductions: evidence.map((row) => row.id).sort((a, b) => a - b) }
}

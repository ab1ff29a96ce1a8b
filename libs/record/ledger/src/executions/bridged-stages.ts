import { and, eq, isNull, sql } from 'drizzle-orm'
import type { ArtifactsByRole, Digest } from '@gauntlet/study'
import { isAnyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { bridge, bridgedStage, execution, withdrawal } from '../schema/index.ts'
import { fulfilledOutputsOf } from './fulfilled-outputs.ts'

/** The bridge by which a key is known, and the stage whose outputs it has. */
export interface StageBridge {
  readonly bridge: number
  readonly recordedKey: Digest
}

/**
 * The standing bridges of those of these keys that are not fulfilled by themselves and whose recorded stage is. Where
 * several bridges lead to a key, the latest counts. A recorded stage that was withdrawn since has other bytes than
 * those that were compared, so that nothing leads to it any more. In a ledger without bridges this is one look at a
 * table.
 */
export async function bridgedStages(
  db: LedgerDatabase,
  stageKeys: readonly Digest[],
): Promise<Map<Digest, StageBridge>> {
  if (stageKeys.length === 0 || (await db.$count(bridge, isNull(bridge.revokedAt))) === 0) return new Map()
  const { stageKey: key, recordedKey } = bridgedStage
  const rows = await db
    .select({ key, bridge: bridge.id, recordedKey })
    .from(bridgedStage)
    .innerJoin(bridge, and(eq(bridge.id, bridgedStage.bridgeId), isNull(bridge.revokedAt)))
    .innerJoin(execution, and(eq(execution.stageKey, recordedKey), eq(execution.state, 'fulfilled')))
    .where(
      and(
        isAnyOf(key, stageKeys),
        sql`not exists (select from ${execution} own where own.stage_key = ${key} and own.state = 'fulfilled')`,
        sql`not exists (select from ${withdrawal} w where w.stage_key = ${recordedKey} and w.withdrawn_at > ${bridge.madeAt})`,
      ),
    )
    .orderBy(bridge.id)
  return new Map(rows.map((row) => [row.key, { bridge: row.bridge, recordedKey: row.recordedKey }]))
}

/** What each of these stages generated, or the stage that a bridge leads to. Other keys are absent. */
export async function knownOutputsOf(
  db: LedgerDatabase,
  stageKeys: readonly Digest[],
): Promise<Map<Digest, ArtifactsByRole>> {
  const [outputs, bridged] = await Promise.all([fulfilledOutputsOf(db, stageKeys), bridgedStages(db, stageKeys)])
  if (bridged.size === 0) return outputs
  const recorded = await fulfilledOutputsOf(db, [...new Set([...bridged.values()].map((one) => one.recordedKey))])
  const known = new Map(outputs)
  for (const [key, { recordedKey }] of bridged) {
    const made = recorded.get(recordedKey)
    if (made) known.set(key, made)
  }
  return known
}

/**
 * The key of the stage that generated what is known under each of these keys: the key itself, or the recorded one that
 * a bridge leads to, also where the bridge was revoked since.
 */
export async function recordedKeysOf(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<Map<Digest, Digest>> {
  const { stageKey: key, recordedKey, bridgeId } = bridgedStage
  const rows = await db
    .select({ key, recordedKey })
    .from(bridgedStage)
    .where(
      and(
        isAnyOf(key, stageKeys),
        sql`not exists (select from ${execution} own where own.stage_key = ${key} and own.state = 'fulfilled')`,
      ),
    )
    .orderBy(bridgeId)
  return new Map([
    ...stageKeys.map((own) => [own, own] as const),
    ...rows.map((row) => [row.key, row.recordedKey] as const),
  ])
}

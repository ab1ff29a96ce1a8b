import { and, eq } from 'drizzle-orm'
import type { ArtifactReference, ArtifactsByRole, Digest } from '@gauntlet/study'
import { isAnyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { artifact, execution, executionArtifact } from '../schema/index.ts'

/** What a stage generated, or null when it is not fulfilled. */
export async function fulfilledOutputs(db: LedgerDatabase, stageKey: Digest): Promise<ArtifactsByRole | null> {
  return (await fulfilledOutputsOf(db, [stageKey])).get(stageKey) ?? null
}

/** What each of many stages generated. Keys of stages that are not fulfilled are absent. */
export async function fulfilledOutputsOf(
  db: LedgerDatabase,
  stageKeys: readonly Digest[],
): Promise<Map<Digest, ArtifactsByRole>> {
  const generated = and(
    eq(executionArtifact.stageKey, execution.stageKey),
    eq(executionArtifact.direction, 'generated'),
  )
  const rows = await db
    .select({ key: execution.stageKey, role: executionArtifact.role, artifact })
    .from(execution)
    .leftJoin(executionArtifact, generated)
    .leftJoin(artifact, eq(artifact.digest, executionArtifact.digest))
    .where(and(isAnyOf(execution.stageKey, stageKeys), eq(execution.state, 'fulfilled')))
  const outputs = new Map<Digest, Record<string, ArtifactReference>>()
  for (const row of rows) {
    const byRole = outputs.get(row.key) ?? {}
    outputs.set(row.key, byRole)
    if (row.role !== null && row.artifact !== null) {
      const { digest, size, mediaType } = row.artifact
      byRole[row.role] = { digest, size, mediaType }
    }
  }
  return outputs
}

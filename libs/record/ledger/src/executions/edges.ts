import { sql } from 'drizzle-orm'
import type { ArtifactReference, Digest } from '@gauntlet/study'
import { anyOf, isAnyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { artifact, executionArtifact } from '../schema/index.ts'

/** What an execution used and what it generated, by role. */
export interface Edges {
  readonly used: Readonly<Record<string, ArtifactReference>>
  readonly generated: Readonly<Record<string, ArtifactReference>>
}

/**
 * The edges of each of these executions, by stage key, in the order of roles. Artifacts are asked for afterwards, each
 * once: joined to the edges of some thousand stages, Postgres would read both tables whole.
 */
export async function edgesOf(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<ReadonlyMap<Digest, Edges>> {
  const { rows } = await db.execute<EdgeRow>(sql`
    select stage_key as key, direction, role, digest from ${executionArtifact}
    where stage_key = ${anyOf(stageKeys)}
    order by stage_key, direction, role`)
  const artifacts = await artifactsWith(db, [...new Set(rows.map(({ digest }) => digest))])
  const none = (): Record<EdgeRow['direction'], Record<string, ArtifactReference>> => ({ used: {}, generated: {} })
  const edges = new Map(stageKeys.map((key) => [key, none()]))
  for (const { key, direction, role, digest } of rows) edges.get(key)![direction][role] = artifacts.get(digest)!
  return edges
}

interface EdgeRow extends Record<string, unknown> {
  readonly key: Digest
  readonly direction: 'used' | 'generated'
  readonly role: string
  readonly digest: Digest
}

async function artifactsWith(
  db: LedgerDatabase,
  digests: readonly Digest[],
): Promise<ReadonlyMap<Digest, ArtifactReference>> {
  const { digest, size, mediaType } = artifact
  const found = db.select({ digest, size, mediaType }).from(artifact)
  const rows = await found.where(isAnyOf(digest, digests))
  return new Map(rows.map((row) => [row.digest, row]))
}

import type { ArtifactStore } from '@gauntlet/artifacts'
import type { ArtifactsByRole, Digest } from '@gauntlet/study'

/**
 * Whether the store has the bytes of every artifact, unchanged. Those that are distrusted are read again, whatever is
 * known of them.
 */
export async function areIntact(
  store: ArtifactStore,
  artifacts: ArtifactsByRole,
  distrusted: readonly Digest[] = [],
): Promise<boolean> {
  for (const { digest } of Object.values(artifacts))
    if ((await store.verify(digest, { again: distrusted.includes(digest) })) !== 'intact') return false
  return true
}

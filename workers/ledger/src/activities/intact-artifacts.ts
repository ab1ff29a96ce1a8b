import type { ArtifactStore } from '@gauntlet/artifacts'
import type { ArtifactsByRole } from '@gauntlet/study'

/** Whether the store has the bytes of every artifact, unchanged. Reads them all. */
export async function areIntact(store: ArtifactStore, artifacts: ArtifactsByRole): Promise<boolean> {
  for (const { digest } of Object.values(artifacts)) if ((await store.verify(digest)) !== 'intact') return false
  return true
}

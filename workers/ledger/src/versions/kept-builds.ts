import type { ArtifactStore } from '@gauntlet/artifacts'
import { workflowsPointer } from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import { buildOf, type WorkflowBuild } from './bundle-workflows.ts'

/**
 * Keeps a build in the artifact store, so that a worker of a later checkout, or on another machine, can go on with its
 * runs. `gauntlet gc` does not take it: a ledger says nothing of the runs of another one that shares the store.
 */
export async function keepBuild(store: ArtifactStore, { buildId, code }: WorkflowBuild): Promise<void> {
  await store.put(new TextEncoder().encode(code), 'text/javascript')
  await store.writePointer(workflowsPointer(buildId), {})
}

/** A build that was kept. Throws `ArtifactMissing` or `ArtifactCorrupt`. */
export async function keptBuild(store: ArtifactStore, buildId: Digest): Promise<WorkflowBuild> {
  return buildOf(new TextDecoder().decode(await store.read(buildId)))
}

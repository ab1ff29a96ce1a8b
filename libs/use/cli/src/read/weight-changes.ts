import { ArtifactCorrupt, ArtifactMissing, type ArtifactStore } from '@gauntlet/artifacts'
import type { MeasurementTrace } from '@gauntlet/ledger'

/**
 * What was stripped, left out, filled or replaced to make the weights behind a measurement fit the backbone, a sentence
 * each, or a clause that says why that is not known: the artifact may have been removed since, or an import lacked it.
 */
export async function weightChanges(
  { executions }: Pick<MeasurementTrace, 'executions'>,
  store: Pick<ArtifactStore, 'read'>,
): Promise<readonly string[] | string> {
  const said = executions.find(({ stage }) => stage === 'pretrain-load')?.generated['changes']
  if (!said) return []
  try {
    return JSON.parse(Buffer.from(await store.read(said)).toString()) as string[]
  } catch (error) {
    if (error instanceof ArtifactMissing || error instanceof ArtifactCorrupt) return error.message
    throw error
  }
}

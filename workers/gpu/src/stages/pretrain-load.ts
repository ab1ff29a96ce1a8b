import { adoptCheckpoint, backboneOf, type FamilyModels } from '@gauntlet/backbones'
import type { PretrainLoadInput } from '@gauntlet/contract'
import { canonicalJson, type BackboneSpecification } from '@gauntlet/study'
import { openCheckpoint, WeightsMismatch, writeSafetensors } from '@gauntlet/weights'
import type { Stage } from '../bundles/bundle-protocol.ts'
import { sourceReference } from './context.ts'

/**
 * Weights from their source → every tensor checked → the backbone's parameters: without the published classifier, or
 * with it where the checkpoint is evaluated as it is. What was stripped, filled, resized or replaced is kept beside
 * them.
 */
export const pretrainLoad =
  (models: readonly FamilyModels[]): Stage<PretrainLoadInput> =>
  async ({ input: { backbone, classes, side } }, { store, fetchSource }) => {
    const file = await fetchSource(backbone.source, backbone.sha256)
    const model = backboneOf(models, backbone.id, backbone.inputContract, side)
    const checkpoint = openCheckpoint(file)
    const adoption = classes === undefined ? ({ head: 'replaced' } as const) : ({ head: 'kept', classes } as const)
    if (classes !== undefined) refuseOtherPixels(checkpoint.metadata, backbone)
    const { arrays, changes } = adoptCheckpoint(model, checkpoint, adoption)
    const metadata = {
      format: 'pt',
      backbone: backbone.id,
      weights: backbone.sha256,
    }
    return {
      sources: { weights: sourceReference(file, backbone.sha256) },
      generated: {
        parameters: await store.put(writeSafetensors(arrays, metadata), 'application/vnd.safetensors'),
        changes: await store.put(new TextEncoder().encode(canonicalJson(changes)), 'application/json'),
      },
    }
  }

/** Refuses to evaluate a checkpoint of Gauntlet's own on pixels that are fed otherwise than it was trained. */
function refuseOtherPixels(metadata: Readonly<Record<string, string>>, { inputContract }: BackboneSpecification): void {
  const trained = metadata['inputContract']
  if (trained === undefined || trained === inputContract) return
  throw new WeightsMismatch(
    `The checkpoint was trained with the input contract ${trained} and the study has ${inputContract}; write inputContract: ${trained}.`,
  )
}

import { backboneOf, isHead, type FamilyModels } from '@gauntlet/backbones'
import type { PretrainLoadInput } from '@gauntlet/contract'
import { loadStrictly, readCheckpoint, writeSafetensors } from '@gauntlet/weights'
import type { Stage } from '../bundles/bundle-protocol.ts'
import { sourceReference } from './context.ts'

/** Weights from their source → every tensor checked → the backbone's parameters, without the published classifier. */
export const pretrainLoad =
  (models: readonly FamilyModels[]): Stage<PretrainLoadInput> =>
  async ({ input: { backbone } }, { store, fetchSource }) => {
    const file = await fetchSource(backbone.source, backbone.sha256)
    const model = backboneOf(models, backbone.id, backbone.inputContract)
    const published = model.convertCheckpoint(readCheckpoint(file))
    const { arrays, loadedFraction } = loadStrictly(published, model.specifications(model.pretrainedClasses))
    const parameters = arrays.filter(({ name }) => !isHead(model, name))
    const metadata = {
      format: 'pt',
      backbone: backbone.id,
      weights: backbone.sha256,
      loadedFraction: String(loadedFraction),
    }
    return {
      sources: { weights: await sourceReference(file, backbone.sha256) },
      generated: { parameters: await store.put(writeSafetensors(parameters, metadata), 'application/vnd.safetensors') },
    }
  }

import { backboneFor, isHead } from '@gauntlet/backbones'
import type { PretrainLoadInput } from '@gauntlet/contract'
import { fetchSource } from '@gauntlet/sources'
import { loadStrictly, readCheckpoint, writeSafetensors } from '@gauntlet/weights'
import { sourceReference, type Stage } from './context.ts'

/** Weights from their source → every tensor checked → the backbone's parameters, without the published classifier. */
export const pretrainLoad: Stage<PretrainLoadInput> = async (
  { input: { backbone } },
  { store, cacheFolder, signal, report },
) => {
  const file = await fetchSource(backbone.source, backbone.sha256, {
    cacheFolder,
    signal,
    onProgress: ({ received, total = 0 }) => report({ done: received, total, unit: 'bytes' }),
  })
  const model = backboneFor(backbone.id, backbone.inputContract)
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

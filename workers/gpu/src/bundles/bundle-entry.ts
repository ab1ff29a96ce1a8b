import { stageCodeParts, type StageCode } from '@gauntlet/contract'
import type { Perturbation } from '@gauntlet/study'

/** What a bundle is made of: the code of a stage, or of the look at the engine. */
export type BundleName = StageCode | 'engine'

/** There is no code of this name; a retry does not help. */
export class BundleUnknown extends Error {
  override readonly name = 'BundleUnknown'
}

/** The exports of `@gauntlet/backbones` that hold the models of each family of the catalogue. */
export const modelsByFamily: Readonly<Record<string, readonly string[]>> = {
  CoAtNet: ['coAtNetModels'],
  CoaT: ['coaTModels'],
  ConvNeXt: ['convNeXtModels'],
  DeiT: ['visionTransformerModels'],
  EdgeNeXt: ['edgeNeXtModels'],
  EfficientNet: ['efficientNetHubModels', 'efficientNetModels'],
  'EVA-02': ['eva02Models'],
  MobileNetV3: ['mobileNetV3Models'],
  MobileViT: ['mobileViTModels', 'mobileViTTimmModels'],
  RegNet: ['regNetModels'],
  ResNet: ['resNetModels'],
  Swin: ['swinModels'],
  ViT: ['visionTransformerModels'],
  WideResNet: ['wideResNetModels'],
}

/** The export of `stages/evaluations` that evaluates under each perturbation. */
const evaluations: Readonly<Record<Perturbation['name'], readonly [file: string, name: string]>> = {
  clean: ['clean', 'cleanEvaluation'],
  Linf: ['linf', 'linfEvaluation'],
  L2: ['l2', 'l2Evaluation'],
  L1: ['l1', 'l1Evaluation'],
  common: ['corrupted', 'corruptedEvaluation'],
}

const source = './workers/gpu/src'

/**
 * The source text at which the bundle of this name begins. It imports one family and one perturbation, so that the
 * bundler leaves all others out.
 */
export function bundleEntry(name: BundleName): string {
  if (name === 'engine')
    return moduleOf('engineModule', [imported('engineModule', `${source}/bundles/engine-module.ts`)])
  const { stage, family, perturbation } = stageCodeParts(name)
  if (stage === 'prepare-dataset') {
    return moduleOf('stageModule(prepareDataset)', [
      imported('stageModule', `${source}/bundles/stage-module.ts`),
      imported('prepareDataset', `${source}/stages/prepare-dataset.ts`),
    ])
  }
  const models = modelsByFamily[family ?? '']
  if (!models) throw new BundleUnknown(`There is no family ${JSON.stringify(family)} of backbones.`)
  const tensors = [
    imported(models.join(', '), '@gauntlet/backbones'),
    imported('tensorStageModule', `${source}/bundles/tensor-stage-module.ts`),
  ]
  const list = `[${models.join(', ')}]`
  if (stage === 'perturb-and-evaluate') {
    const evaluation = Object.hasOwn(evaluations, perturbation ?? '') && evaluations[perturbation!]
    if (!evaluation) throw new BundleUnknown(`There is no evaluation under ${JSON.stringify(perturbation)}.`)
    const [file, kind] = evaluation
    return moduleOf(`tensorStageModule(perturbAndEvaluate(${list}, ${kind}))`, [
      ...tensors,
      imported('perturbAndEvaluate', `${source}/stages/perturb-and-evaluate.ts`),
      imported(kind, `${source}/stages/evaluations/${file}.ts`),
    ])
  }
  const functions = { 'pretrain-load': 'pretrainLoad', 'fine-tune': 'fineTune', checkpoint: 'checkpoint' }
  const stageFunction = functions[stage]
  return moduleOf(`tensorStageModule(${stageFunction}(${list}))`, [
    ...tensors,
    imported(stageFunction, `${source}/stages/${stage}.ts`),
  ])
}

function imported(names: string, from: string): string {
  return `import { ${names} } from '${from}'`
}

function moduleOf(expression: string, imports: readonly string[]): string {
  return [...imports, `export default ${expression}`, ''].join('\n')
}

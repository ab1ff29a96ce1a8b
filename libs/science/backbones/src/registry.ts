import { backboneOf } from './backbone-of.ts'
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'
import { coaTModels } from './families/coat.ts'
import { coAtNetModels } from './families/coatnet.ts'
import { convNeXtModels } from './families/convnext.ts'
import { edgeNeXtModels } from './families/edgenext.ts'
import { efficientNetHubModels } from './families/efficientnet-hub.ts'
import { efficientNetModels } from './families/efficientnet.ts'
import { eva02Models } from './families/eva02.ts'
import { mobileNetV3Models } from './families/mobilenetv3.ts'
import { mobileViTTimmModels } from './families/mobilevit-timm.ts'
import { mobileViTModels } from './families/mobilevit.ts'
import { regNetModels } from './families/regnet.ts'
import { resNetModels } from './families/resnet.ts'
import { swinModels } from './families/swin.ts'
import { visionTransformerModels } from './families/vision-transformer.ts'
import { wideResNetModels } from './families/wide-resnet.ts'

/** The models of each family of the catalogue, by the family's name there. */
export const modelsOfFamily = {
  CoAtNet: [coAtNetModels],
  CoaT: [coaTModels],
  ConvNeXt: [convNeXtModels],
  DeiT: [visionTransformerModels],
  EdgeNeXt: [edgeNeXtModels],
  EfficientNet: [efficientNetHubModels, efficientNetModels],
  'EVA-02': [eva02Models],
  MobileNetV3: [mobileNetV3Models],
  MobileViT: [mobileViTModels, mobileViTTimmModels],
  RegNet: [regNetModels],
  ResNet: [resNetModels],
  Swin: [swinModels],
  ViT: [visionTransformerModels],
  WideResNet: [wideResNetModels],
} as const satisfies Readonly<Record<string, readonly FamilyModels[]>>

const all: readonly FamilyModels[] = [...new Set<FamilyModels>(Object.values(modelsOfFamily).flat())]

/** The names of all architectures that are implemented. */
export const implementedArchitectures: readonly string[] = all.flatMap(({ architectures }) => architectures)

/** The ids of all backbones that the catalogue lists and that are implemented. */
export const implementedBackbones: readonly string[] = all.flatMap(({ ids }) => ids)

/** The backbone `id`, fed as the input contract says, for images of `side` pixels (its native side unless given). */
export function backboneFor(id: string, contract: InputContract = 'native', side?: number): Backbone {
  return backboneOf(all, id, contract, side)
}

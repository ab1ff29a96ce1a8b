import { UnknownBackbone, type Backbone, type InputContract } from './backbone.ts'
import { coaT, coaTIds } from './coat.ts'
import { computedInParts } from './computed-in-parts.ts'
import { coAtNet, coAtNetIds } from './coatnet.ts'
import { convNeXt, convNeXtIds } from './convnext.ts'
import { edgeNeXt, edgeNeXtIds } from './edgenext.ts'
import { efficientNetHub, efficientNetHubIds } from './efficientnet-hub.ts'
import { efficientNet, efficientNetIds } from './efficientnet.ts'
import { eva02, eva02Ids } from './eva02.ts'
import { mobileNetV3, mobileNetV3Ids } from './mobilenetv3.ts'
import { mobileViT, mobileViTIds } from './mobilevit.ts'
import { regNet, regNetIds } from './regnet.ts'
import { resNet, resNetIds } from './resnet.ts'
import { swin, swinIds } from './swin.ts'
import { visionTransformer, visionTransformerIds } from './vision-transformer.ts'

/** The ids of one family, and the function that builds one of them. */
type Family = readonly [ids: readonly string[], build: (id: string, contract: InputContract) => Backbone | undefined]

/** One line for each file of models. */
const families: readonly Family[] = [
  [coaTIds, coaT],
  [coAtNetIds, coAtNet],
  [convNeXtIds, convNeXt],
  [edgeNeXtIds, edgeNeXt],
  [efficientNetIds, efficientNet],
  [eva02Ids, eva02],
  [efficientNetHubIds, efficientNetHub],
  [mobileNetV3Ids, mobileNetV3],
  [mobileViTIds, mobileViT],
  [regNetIds, regNet],
  [resNetIds, resNet],
  [swinIds, swin],
  [visionTransformerIds, visionTransformer],
]

/** The ids of all backbones that are implemented. */
export const implementedBackbones: readonly string[] = families.flatMap(([ids]) => ids)

/** The backbone `id`, fed as the input contract says. */
export function backboneFor(id: string, contract: InputContract = 'native'): Backbone {
  const family = families.find(([ids]) => ids.includes(id))
  const backbone = family?.[1](id, contract)
  if (!backbone)
    throw new UnknownBackbone(
      `There is no backbone ${JSON.stringify(id)}; choose one of ${implementedBackbones.join(', ')}.`,
    )
  return computedInParts(backbone)
}

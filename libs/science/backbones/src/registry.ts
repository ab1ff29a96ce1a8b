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

/** The variants of one family, and what builds one of them. */
type Family = readonly [ids: readonly string[], build: (id: string, contract: InputContract) => Backbone | undefined]

/** One line a family, in the order of their names. */
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

/** Every backbone there is, by the checkpoint's own name. */
export const implementedBackbones: readonly string[] = families.flatMap(([ids]) => ids)

/** The backbone of a study, fed as its input contract says. */
export function backboneFor(id: string, contract: InputContract = 'native'): Backbone {
  const family = families.find(([ids]) => ids.includes(id))
  const backbone = family?.[1](id, contract)
  if (!backbone)
    throw new UnknownBackbone(
      `There is no backbone ${JSON.stringify(id)}; choose one of ${implementedBackbones.join(', ')}.`,
    )
  return computedInParts(backbone)
}

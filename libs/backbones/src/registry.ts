import { UnknownBackbone, type Backbone, type InputContract } from './backbone.ts'
import { convNeXt, convNeXtIds } from './convnext.ts'
import { edgeNeXt, edgeNeXtIds } from './edgenext.ts'
import { efficientNet, efficientNetIds } from './efficientnet.ts'
import { resNet, resNetIds } from './resnet.ts'

/** Every backbone there is, by the checkpoint's own name. */
export const backboneIds: readonly string[] = [...convNeXtIds, ...efficientNetIds, ...edgeNeXtIds, ...resNetIds]

/** The backbone of a study, fed as its input contract says. */
export function backboneFor(id: string, contract: InputContract = 'native'): Backbone {
  const backbone = convNeXt(id, contract) ?? efficientNet(id, contract) ?? edgeNeXt(id, contract) ?? resNet(id, contract)
  if (!backbone) throw new UnknownBackbone(`There is no backbone ${JSON.stringify(id)}; choose one of ${backboneIds.join(', ')}.`)
  return backbone
}

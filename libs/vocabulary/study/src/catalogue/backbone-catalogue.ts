import { factsOfFamily, type BackboneFacts } from './backbone-facts.ts'
import * as table from './backbone-table.ts'

/** The variant of Lite0 that is implemented to compare it with timm's. No study may name it. */
const notCatalogued = 'efficientnet_lite0.ra_in1k'

/** The backbones that studies may name. */
export const backboneCatalogue: readonly BackboneFacts[] = [
  table.convNeXtFamily,
  table.vitFamily,
  table.deitFamily,
  table.eva02Family,
  table.swinFamily,
  table.coAtNetFamily,
  table.coaTFamily,
  table.edgeNeXtFamily,
  table.mobileViTFamily,
  table.mobileNetV3Family,
  table.efficientNetFamily,
  table.regNetFamily,
  table.resNetFamily,
  table.efficientNetLiteFamily,
]
  .flatMap(factsOfFamily)
  .filter(({ id }) => id !== notCatalogued)

export const backboneIds: readonly string[] = backboneCatalogue.map((backbone) => backbone.id)

/** The facts of a backbone, or null where the catalogue has none of that id. */
export function backboneFacts(id: string): BackboneFacts | null {
  return backboneCatalogue.find((backbone) => backbone.id === id) ?? null
}

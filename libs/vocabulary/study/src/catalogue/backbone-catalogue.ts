import { factsIn, factsOfFamily, type BackboneFacts } from './backbone-facts.ts'
import * as table from './backbone-table.ts'

/** The variant of Lite0 that is implemented to compare it with timm's. No study may name it. */
const notCatalogued = 'efficientnet_lite0.ra_in1k'

const families = [
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
  table.wideResNetFamily,
]

/** The backbones that have an id of their own, whose weights a study need not name. */
export const backboneCatalogue: readonly BackboneFacts[] = families
  .flatMap(factsOfFamily)
  .filter(({ id }) => id !== notCatalogued)

export const backboneIds: readonly string[] = backboneCatalogue.map((backbone) => backbone.id)

const listedById = new Map(backboneCatalogue.map((facts) => [facts.id, facts]))

/** The names of all families. */
export const backboneFamilies: readonly string[] = [...new Set(families.map(({ family }) => family))]

/** The names of timm's architectures that studies may name too, alone or with a tag of timm's after a dot. */
export const architectureNames: readonly string[] = families.flatMap(({ architectures = {} }) =>
  Object.keys(architectures),
)

/** The facts of a backbone or an architecture, or null where there is none of that id. */
export function backboneFacts(id: string): BackboneFacts | null {
  const listed = listedById.get(id)
  if (listed || id === notCatalogued) return listed ?? null
  return families.map((family) => factsIn(family, id)).find((facts) => facts !== null) ?? null
}

/** The multiply-accumulates of one image of this side; null for a backbone that the catalogue lacks. */
export function multiplyAccumulates(id: string, side: number): number | null {
  const facts = backboneFacts(id)
  return facts && facts.multiplyAccumulates * (side / facts.native.side) ** 2
}

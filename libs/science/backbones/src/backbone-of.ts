import { UnknownBackbone, type Backbone, type FamilyModels, type InputContract } from './backbone.ts'
import { computedInParts } from './computed-in-parts.ts'

/** The backbone `id` among these models, for code that is about one family and must not depend on the others. */
export function backboneOf(models: readonly FamilyModels[], id: string, contract: InputContract = 'native'): Backbone {
  for (const family of models) {
    const backbone = family.build(id, contract)
    if (backbone) return computedInParts(backbone)
  }
  const known = models.flatMap(({ ids, architectures }) => [...ids, ...architectures]).join(', ')
  throw new UnknownBackbone(`There is no backbone ${JSON.stringify(id)}; choose one of ${known}.`)
}

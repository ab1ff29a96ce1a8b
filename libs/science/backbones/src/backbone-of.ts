import { InvalidInput, closestNames } from '@gauntlet/study'
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'
import { computedInParts } from './computed-in-parts.ts'

/**
 * The backbone `id` among these models, for images of `side` pixels (its native side unless given), for code that is
 * about one family and must not depend on the others.
 */
export function backboneOf(
  models: readonly FamilyModels[],
  id: string,
  contract: InputContract = 'native',
  side?: number,
): Backbone {
  for (const family of models) {
    const backbone = family.build(id, contract, side)
    if (backbone) return computedInParts(backbone)
  }
  const near = closestNames(
    id,
    models.flatMap(({ ids, architectures }) => [...ids, ...architectures]),
  )
  const advice =
    near.length === 0 ? 'choose a name that npx gauntlet backbones lists' : `near it are ${near.join(', ')}`
  throw new InvalidInput(`There is no backbone ${JSON.stringify(id)}; ${advice}.`)
}

import type { Normalisation } from '@gauntlet/nn'
import {
  InvalidInput,
  computesWith,
  factsIn,
  pixelContracts,
  sidesText,
  type BackboneFacts,
  type BackboneFamily,
  type PixelContract,
  type SideRule,
} from '@gauntlet/study'
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'

/** What the table of facts says of a backbone, and how its images are normalised under an input contract. */
type FactsOfModel = Pick<Backbone, 'id' | 'family' | 'pretrainedClasses' | 'normalisation' | 'resolution'>

/** What the table says of a backbone, and what it is built for. */
export interface PublishedModel extends FactsOfModel {
  /**
   * The side of the square images that the model is built for, in pixels: the one that its checkpoint was trained on,
   * or the one that its positions are resized to.
   */
  readonly side: number
}

/** What a family's file says of a model, beside what is published of it. */
export type FamilyModel = Omit<Backbone, keyof FactsOfModel>

/**
 * The models of one file. `variants` are its architectures by name, `families` the tables that list their checkpoints,
 * and `build` makes the model of a variant.
 */
export function familyModels<Variant>(
  families: readonly BackboneFamily[],
  variants: Readonly<Record<string, Variant>>,
  build: (variant: Variant, published: PublishedModel) => FamilyModel,
): FamilyModels {
  const factsOf = (id: string) => families.map((family) => factsIn(family, id)).find((facts) => facts !== null)
  const listed = families.flatMap(({ backbones }) => Object.keys(backbones))
  return {
    ids: listed.filter((id) => Object.hasOwn(variants, factsOf(id)!.architecture)),
    architectures: Object.keys(variants),
    build(id, contract, wanted) {
      const facts = factsOf(id)
      if (!facts || !Object.hasOwn(variants, facts.architecture)) return undefined
      const side = builtFor(facts, wanted)
      const published = publishedAs(facts, contract, side)
      return { ...published, ...build(variants[facts.architecture]!, { ...published, side }) }
    },
  }
}

/** What the table says of a listed backbone of a family that is built for images of `wanted` pixels. */
export function publishedModel(
  family: BackboneFamily,
  id: string,
  contract: InputContract,
  wanted?: number,
): FactsOfModel {
  const facts = factsIn(family, id)!
  return publishedAs(facts, contract, builtFor(facts, wanted))
}

/** The side that a model is built for. Only where positions are resized it depends on the one that is wanted. */
function builtFor({ id, sides, native }: BackboneFacts, wanted = native.side): number {
  if (computesWith(sides, wanted)) return sides.resized ? wanted : native.side
  throw new InvalidInput(
    `${id} computes with ${sidesText(sides)}, not with ${wanted} × ${wanted}; choose one of these as the resolution.`,
  )
}

function publishedAs(facts: BackboneFacts, contract: InputContract, built: number): FactsOfModel {
  const { id, family, pretrainedClasses, native, sides } = facts
  const { side: _, ...pixels } = native
  return {
    id,
    family,
    pretrainedClasses,
    resolution: resolutionOf(sides, built),
    normalisation: normalisationUnder(contract, id, pixels),
  }
}

function resolutionOf({ native, minimum, step, resized }: SideRule, built: number): Backbone['resolution'] {
  if (resized) return { native: built, minimum: built }
  return step === 1 ? { native, minimum } : { native, minimum, step }
}

function normalisationUnder(contract: InputContract, id: string, native: PixelContract): Normalisation {
  if (contract === 'native') return native
  if (contract === 'paper') return paperNormalisation(id)
  return contract === 'none' ? pixelContracts.plain : pixelContracts[contract]
}

/**
 * The study's authors fed every backbone ImageNet's normalisation, except those with `laion` in their name, which they
 * fed CLIP's.
 */
function paperNormalisation(id: string): Normalisation {
  return id.includes('laion') ? pixelContracts.clip : pixelContracts.imageNet
}

import type { Normalisation } from '@gauntlet/nn'
import { factsIn, pixelContracts, type BackboneFacts, type BackboneFamily, type PixelContract } from '@gauntlet/study'
import type { Backbone, FamilyModels, InputContract } from './backbone.ts'

/** What the table of facts says of a backbone, and how its images are normalised under an input contract. */
export interface PublishedModel extends Pick<Backbone, 'id' | 'family' | 'pretrainedClasses' | 'normalisation'> {
  /** The side of the square images that the checkpoint was trained on, in pixels. */
  readonly side: number
}

/** What a family's file says of a model, beside what is published of it. */
export type FamilyModel = Omit<Backbone, 'id' | 'family' | 'pretrainedClasses' | 'normalisation'>

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
    build(id, contract) {
      const facts = factsOf(id)
      if (!facts || !Object.hasOwn(variants, facts.architecture)) return undefined
      const published = publishedAs(facts, contract)
      const { side: _, ...shown } = published
      return { ...shown, ...build(variants[facts.architecture]!, published) }
    },
  }
}

/**
 * What the table of facts says of a listed backbone of a family, and the normalisation of its images. `side`: that of
 * the square images which its checkpoint was trained on, in pixels.
 */
export function publishedModel(family: BackboneFamily, id: string, contract: InputContract): PublishedModel {
  return publishedAs(factsIn(family, id)!, contract)
}

function publishedAs(facts: BackboneFacts, contract: InputContract): PublishedModel {
  const { id, family, pretrainedClasses, native } = facts
  const { side, ...pixels } = native
  return { id, family, pretrainedClasses, side, normalisation: normalisationUnder(contract, id, pixels) }
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

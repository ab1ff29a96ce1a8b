import type { Normalisation } from '@gauntlet/nn'
import { factsOfFamily, pixelContracts, type BackboneFamily, type PixelContract } from '@gauntlet/study'
import type { Backbone, InputContract } from './backbone.ts'

/**
 * What the study's table of facts says of a backbone of a family, and the normalisation of its images under an input
 * contract. `side`: that of the square images which its checkpoint was trained on, in pixels.
 */
export function publishedModel(
  of: BackboneFamily,
  id: string,
  contract: InputContract,
): Pick<Backbone, 'id' | 'family' | 'pretrainedClasses' | 'normalisation'> & { readonly side: number } {
  const { family, pretrainedClasses, native } = factsOfFamily(of).find((facts) => facts.id === id)!
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

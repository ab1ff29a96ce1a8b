import type { Normalisation } from '@gauntlet/nn'
import type { InputContract } from './backbone.ts'

/** Mean and deviation of ImageNet's training images (torchvision, timm `IMAGENET_DEFAULT_MEAN`). */
export const imageNetNormalisation: Normalisation = {
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
  channelOrder: 'rgb',
}

/** Pixels to [−1, 1] (timm `IMAGENET_INCEPTION_MEAN`), as Google's TensorFlow checkpoints. */
export const inceptionNormalisation: Normalisation = {
  mean: [0.5, 0.5, 0.5],
  deviation: [0.5, 0.5, 0.5],
  channelOrder: 'rgb',
}

/** Mean and deviation of OpenAI's CLIP (timm `OPENAI_CLIP_MEAN`), which LAION's models and EVA-02 were fed as well. */
export const clipNormalisation: Normalisation = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  deviation: [0.26862954, 0.26130258, 0.27577711],
  channelOrder: 'rgb',
}

/**
 * Pixels as they are, for checkpoints whose training had no normalisation, and for images that were normalised before.
 */
export const plainPixels: Normalisation = { mean: [0, 0, 0], deviation: [1, 1, 1], channelOrder: 'rgb' }

/**
 * What the study's authors fed a backbone: CLIP's normalisation where `laion` is in its name, ImageNet's to all others,
 * whatever they expect.
 */
function paperNormalisation(id: string): Normalisation {
  return id.includes('laion') ? clipNormalisation : imageNetNormalisation
}

/** What a backbone is fed under an input contract; `native` is what its checkpoint expects. */
export function normalisationUnder(contract: InputContract, id: string, native: Normalisation): Normalisation {
  return { paper: paperNormalisation(id), native, none: plainPixels }[contract]
}

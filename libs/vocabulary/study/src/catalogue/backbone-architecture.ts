import { publishedArchitectures, type PixelContract } from './published-architectures.ts'

/** What a backbone is as a model, as its reference implementation has it. */
export interface BackboneArchitecture {
  /** Learned numbers, with the head the checkpoint was published with. */
  readonly parameters: number
  /** Of one image at the native side. */
  readonly multiplyAccumulates: number
  /** What the checkpoint was trained on: a square of so many pixels, and what was done to pixels in [0, 1]. */
  readonly native: {
    readonly side: number
    readonly mean: readonly [number, number, number]
    readonly deviation: readonly [number, number, number]
    readonly channelOrder: 'rgb' | 'bgr'
  }
}

/**
 * Mean and deviation per channel (timm `IMAGENET_DEFAULT_MEAN`, `IMAGENET_INCEPTION_MEAN`, `OPENAI_CLIP_MEAN` and their
 * deviations).
 */
const pixelContracts: Readonly<Record<PixelContract, Omit<BackboneArchitecture['native'], 'side'>>> = {
  imageNet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225], channelOrder: 'rgb' },
  inception: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5], channelOrder: 'rgb' },
  clip: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    deviation: [0.26862954, 0.26130258, 0.27577711],
    channelOrder: 'rgb',
  },
  plain: { mean: [0, 0, 0], deviation: [1, 1, 1], channelOrder: 'rgb' },
  'plain, BGR': { mean: [0, 0, 0], deviation: [1, 1, 1], channelOrder: 'bgr' },
}

/** The architecture of a backbone of the catalogue, or null where the catalogue has none of that id. */
export function backboneArchitecture(id: string): BackboneArchitecture | null {
  const published = Object.hasOwn(publishedArchitectures, id) ? publishedArchitectures[id] : undefined
  if (!published) return null
  const [parameters, multiplyAccumulates, side, pixels] = published
  return { parameters, multiplyAccumulates, native: { side, ...pixelContracts[pixels] } }
}

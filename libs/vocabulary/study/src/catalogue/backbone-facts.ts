import type { Digest } from '../digest.ts'

export type SizeClass = 'small' | 'medium' | 'large'
export type FamilyType = 'fully convolutional' | 'fully attention' | 'hybrid'

/**
 * What a checkpoint expects to be done to pixels in [0, 1]: (pixel − mean) / deviation, per channel in its own order.
 */
export interface PixelContract {
  readonly mean: readonly [number, number, number]
  readonly deviation: readonly [number, number, number]
  readonly channelOrder: 'rgb' | 'bgr'
}

const plain: PixelContract = { mean: [0, 0, 0], deviation: [1, 1, 1], channelOrder: 'rgb' }

export const pixelContracts = {
  /** The mean and deviation of ImageNet's training images (timm `IMAGENET_DEFAULT_MEAN`). */
  imageNet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225], channelOrder: 'rgb' },
  /** Maps pixels to [−1, 1] (timm `IMAGENET_INCEPTION_MEAN`), as Google's TensorFlow checkpoints expect. */
  inception: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5], channelOrder: 'rgb' },
  /** The mean and deviation of OpenAI's CLIP (timm `OPENAI_CLIP_MEAN`), which LAION's models and EVA-02 use too. */
  clip: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    deviation: [0.26862954, 0.26130258, 0.27577711],
    channelOrder: 'rgb',
  },
  /** Leaves pixels as they are, for checkpoints that were trained without normalisation. */
  plain,
  plainBgr: { ...plain, channelOrder: 'bgr' },
} as const satisfies Readonly<Record<string, PixelContract>>

/** The number of images in pretraining data, as the study's authors count them. */
const pretrainingImages = {
  in1k: 1_281_167,
  in12k: 9_000_000,
  'in12k+in1k': 10_281_167,
  in22k: 14_197_122,
  'in22k+in1k': 15_478_289,
  laion_aesthetic: 900_000_000,
  laion2B: 2_320_000_000,
  'laion2b+in1k': 2_321_281_167,
  'laion2b+in12k+in1k': 2_330_281_167,
} as const

type PretrainingStrategy =
  | 'supervised'
  | 'supervised (multistep)'
  | 'supervised (robust)'
  | 'self-supervised'
  | 'self-supervised (multimodal)'
  | 'fusion'

/**
 * A family of backbones in the table. It is plain data, so that a bundle contains only the families that it imports.
 */
export interface BackboneFamily {
  readonly family: string
  readonly familyType: FamilyType
  /** Whether its models have batch norms, whose statistics in training depend on the micro-batch. */
  readonly batchNorm: boolean
  readonly backbones: Readonly<Record<string, BackboneEntry>>
}

interface BackboneEntry {
  readonly size: SizeClass
  readonly pretraining: readonly [strategy: PretrainingStrategy, data: keyof typeof pretrainingImages]
  /**
   * The source of the checkpoint. By default it is `model.safetensors` of timm's repository of that name on the hub.
   */
  readonly source?: string
  readonly sha256?: Digest
  /** Written by test/parity/backbones/describe_references.py. */
  readonly model: {
    readonly classes: number
    readonly side: number
    readonly pixels: keyof typeof pixelContracts
    readonly parameters: number
    readonly multiplyAccumulates: number
  }
}

/** The facts of a pretrained backbone. */
export interface BackboneFacts {
  readonly id: string
  readonly family: string
  /** The size class, as the study's authors assigned it. */
  readonly size: SizeClass
  readonly familyType: FamilyType
  readonly batchNorm: boolean
  readonly pretrainingStrategy: string
  readonly pretrainingData: string
  /** The number of images seen in pretraining. */
  readonly pretrainingImages: number
  /**
   * The checkpoint, and the SHA-256 of its bytes. Files on the hub may change, so a study's lock file pins those whose
   * `sha256` is null.
   */
  readonly weights: { readonly source: string; readonly sha256: Digest | null }
  /** The number of parameters, with the published head. */
  readonly parameters: number
  /** The multiply-accumulates of one image at the native side. */
  readonly multiplyAccumulates: number
  /** The classes that the published head tells apart; 0 where the checkpoint has no head. */
  readonly pretrainedClasses: number
  /** What the checkpoint was trained on: the side of its square images in pixels, and what was done to the pixels. */
  readonly native: PixelContract & { readonly side: number }
}

/** The facts of every backbone of a family, in the order of the table. */
export function factsOfFamily({ family, familyType, batchNorm, backbones }: BackboneFamily): BackboneFacts[] {
  return Object.entries(backbones).map(([id, entry]) => {
    const { size, pretraining, source = `hf:timm/${id}/model.safetensors@main`, sha256 = null, model } = entry
    const [pretrainingStrategy, pretrainingData] = pretraining
    return {
      id,
      family,
      size,
      familyType,
      batchNorm,
      pretrainingStrategy,
      pretrainingData,
      pretrainingImages: pretrainingImages[pretrainingData],
      weights: { source, sha256 },
      parameters: model.parameters,
      multiplyAccumulates: model.multiplyAccumulates,
      pretrainedClasses: model.classes,
      native: { side: model.side, ...pixelContracts[model.pixels] },
    }
  })
}

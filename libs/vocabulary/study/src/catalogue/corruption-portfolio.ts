/**
 * The corruptions of the study's fifth perturbation, in the order of their blocks (arXiv:2508.14079; robust_training's
 * common-corruption transform). The names are those of ImageNet-C's reference implementation.
 */
export const corruptionNames = [
  'shot_noise',
  'impulse_noise',
  'defocus_blur',
  'motion_blur',
  'zoom_blur',
  'snow',
  'brightness',
  'contrast',
  'elastic_transform',
  'pixelate',
  'jpeg_compression',
] as const

export type CorruptionName = (typeof corruptionNames)[number]

/** A ViT or DeiT as data. What is absent is as in the first ViT: a class token, a norm before the classifier, GELU. */
export interface VisionTransformerVariant {
  readonly width: number
  readonly heads: number
  readonly depth: number
  /** The side of a patch in pixels. */
  readonly patch: number
  /** The width of the MLP's hidden layer; four times `width` unless given. */
  readonly hidden?: number
  /** `mean`: the classifier reads the mean of all patches, and there is no class token. */
  readonly pool?: 'mean'
  /**
   * Whether it is the trunk of a CLIP, which has a norm before the blocks instead of a bias of the patches, and a
   * larger epsilon.
   */
  readonly clip?: true
  /** Register tokens (arXiv:2309.16588) after the class token. */
  readonly registers?: number
  /** A distillation token after the class token, with a classifier of its own (arXiv:2012.12877). */
  readonly distilled?: true
  /** Whether only patches have positions, and not the tokens before them. */
  readonly bareTokens?: true
  readonly layerScale?: true
  /** Whether query, key and value have no bias. */
  readonly unbiased?: true
  /** Whether the norm is before the mean of the patches instead of after it. */
  readonly normFirst?: true
  /** `none`: no norm after the blocks. */
  readonly lastNorm?: 'none'
  /** The MLP's activation; GELU unless given. `swiglu` halves the hidden layer. */
  readonly activation?: 'quick-gelu' | 'gelu-tanh' | 'swiglu'
}

type Size = Pick<VisionTransformerVariant, 'width' | 'heads' | 'depth' | 'hidden'>

/** Widths, heads and depths: arXiv:2010.11929, table 1; arXiv:2012.12877, table 1; arXiv:2106.04560, table 2; timm. */
const tiny: Size = { width: 192, heads: 3, depth: 12 }
const small: Size = { width: 384, heads: 6, depth: 12 }
const medium: Size = { width: 512, heads: 8, depth: 12 }
const betwixt: Size = { width: 640, heads: 10, depth: 12 }
const base: Size = { width: 768, heads: 12, depth: 12 }
const plus: Size = { width: 896, heads: 14, depth: 12 }
const large: Size = { width: 1024, heads: 16, depth: 24 }
const huge: Size = { width: 1280, heads: 16, depth: 32 }
const giant: Size = { width: 1408, heads: 16, depth: 40, hidden: 6144 }
const gigantic: Size = { width: 1664, heads: 16, depth: 48, hidden: 8192 }
const wee: Size = { width: 256, heads: 4, depth: 14, hidden: 1280 }
const little: Size = { width: 320, heads: 5, depth: 14, hidden: 1792 }
const shapeOptimised150: Size = { width: 896, heads: 14, depth: 18, hidden: 2304 }
const shapeOptimised150v2: Size = { width: 832, heads: 13, depth: 21, hidden: 2176 }
const shapeOptimised400: Size = { width: 1152, heads: 16, depth: 27, hidden: 4304 }
const giantOptimised: Size = { width: 1536, heads: 16, depth: 40 }

const clip = { clip: true } as const
const quickGelu = { clip: true, activation: 'quick-gelu' } as const
/** The mean of the patches after the last norm (big_vision, SigLIP). */
const mean = { pool: 'mean', normFirst: true } as const
/** DINOv2 (arXiv:2304.07193), with registers or without. */
const dinov2 = { patch: 14, layerScale: true } as const
const registers = { registers: 4, bareTokens: true } as const
/** timm's models with registers and the mean of the patches. */
const registered = (count: number) => ({ pool: 'mean', registers: count, bareTokens: true, layerScale: true }) as const
/** timm's first models with the mean of the patches. */
const meanUnbiased = { ...mean, unbiased: true, layerScale: true } as const
const deit3 = { bareTokens: true, layerScale: true } as const

/** Every ViT that is one of the above, by timm's name. */
export const vitVariants: Readonly<Record<string, VisionTransformerVariant>> = {
  vit_tiny_patch16_224: { ...tiny, patch: 16 },
  vit_tiny_patch16_384: { ...tiny, patch: 16 },
  vit_small_patch8_224: { ...small, patch: 8 },
  vit_small_patch16_224: { ...small, patch: 16 },
  vit_small_patch16_384: { ...small, patch: 16 },
  vit_small_patch32_224: { ...small, patch: 32 },
  vit_small_patch32_384: { ...small, patch: 32 },
  vit_small_patch16_36x1_224: { ...small, depth: 36, patch: 16, layerScale: true },
  vit_small_patch14_dinov2: { ...small, ...dinov2 },
  vit_small_patch14_reg4_dinov2: { ...small, ...dinov2, ...registers },
  vit_base_patch8_224: { ...base, patch: 8 },
  vit_base_patch16_224: { ...base, patch: 16 },
  vit_base_patch16_224_miil: { ...base, patch: 16, unbiased: true },
  vit_base_patch16_384: { ...base, patch: 16 },
  vit_base_patch16_gap_224: { ...base, heads: 16, patch: 16, ...mean },
  vit_base_patch16_plus_240: { ...plus, patch: 16, layerScale: true },
  vit_base_patch16_reg4_gap_256: { ...base, patch: 16, pool: 'mean', registers: 4, bareTokens: true },
  vit_base_patch32_224: { ...base, patch: 32 },
  vit_base_patch32_384: { ...base, patch: 32 },
  vit_base_patch32_plus_256: { ...plus, patch: 32, layerScale: true },
  vit_base_patch14_dinov2: { ...base, ...dinov2 },
  vit_base_patch14_reg4_dinov2: { ...base, ...dinov2, ...registers },
  vit_large_patch14_224: { ...large, patch: 14 },
  vit_large_patch16_224: { ...large, patch: 16 },
  vit_large_patch16_384: { ...large, patch: 16 },
  vit_large_patch32_224: { ...large, patch: 32 },
  vit_large_patch32_384: { ...large, patch: 32 },
  vit_large_patch14_dinov2: { ...large, ...dinov2 },
  vit_large_patch14_reg4_dinov2: { ...large, ...dinov2, ...registers },
  vit_huge_patch14_224: { ...huge, patch: 14 },
  vit_huge_patch14_gap_224: { ...huge, patch: 14, ...mean },
  vit_huge_patch16_gap_448: { ...huge, patch: 16, ...mean },
  vit_giant_patch14_224: { ...giant, patch: 14 },
  vit_giant_patch16_gap_224: { ...giant, patch: 16, ...mean },
  vit_giant_patch14_dinov2: { width: 1536, heads: 24, depth: 40, hidden: 8192, activation: 'swiglu', ...dinov2 },
  vit_giant_patch14_reg4_dinov2: {
    width: 1536,
    heads: 24,
    depth: 40,
    hidden: 8192,
    activation: 'swiglu',
    ...dinov2,
    ...registers,
  },
  vit_gigantic_patch14_224: { ...gigantic, patch: 14 },
  vit_wee_patch16_reg1_gap_256: { ...wee, patch: 16, ...registered(1) },
  vit_little_patch16_reg1_gap_256: { ...little, patch: 16, ...registered(1) },
  vit_little_patch16_reg4_gap_256: { ...little, patch: 16, ...registered(4) },
  vit_medium_patch16_gap_240: { ...medium, patch: 16, ...meanUnbiased },
  vit_medium_patch16_gap_256: { ...medium, patch: 16, ...meanUnbiased },
  vit_medium_patch16_gap_384: { ...medium, patch: 16, ...meanUnbiased },
  vit_medium_patch16_reg1_gap_256: { ...medium, patch: 16, ...registered(1) },
  vit_medium_patch16_reg4_gap_256: { ...medium, patch: 16, ...registered(4) },
  vit_mediumd_patch16_reg4_gap_256: { ...medium, depth: 20, patch: 16, ...registered(4) },
  vit_mediumd_patch16_reg4_gap_384: { ...medium, depth: 20, patch: 16, ...registered(4) },
  vit_betwixt_patch16_gap_256: { ...betwixt, patch: 16, ...meanUnbiased },
  vit_betwixt_patch16_reg1_gap_256: { ...betwixt, patch: 16, ...registered(1) },
  vit_betwixt_patch16_reg4_gap_256: { ...betwixt, patch: 16, ...registered(4) },
  vit_betwixt_patch16_reg4_gap_384: { ...betwixt, patch: 16, ...registered(4) },
  vit_so150m_patch16_reg4_gap_256: { ...shapeOptimised150, patch: 16, ...mean, registers: 4 },
  vit_so150m_patch16_reg4_gap_384: { ...shapeOptimised150, patch: 16, ...mean, registers: 4 },
  vit_so150m2_patch16_reg1_gap_256: {
    ...shapeOptimised150v2,
    patch: 16,
    pool: 'mean',
    registers: 1,
    layerScale: true,
    unbiased: true,
  },
  vit_so150m2_patch16_reg1_gap_384: {
    ...shapeOptimised150v2,
    patch: 16,
    pool: 'mean',
    registers: 1,
    layerScale: true,
    unbiased: true,
  },
  vit_so150m2_patch16_reg1_gap_448: {
    ...shapeOptimised150v2,
    patch: 16,
    pool: 'mean',
    registers: 1,
    layerScale: true,
    unbiased: true,
  },
  vit_intern300m_patch14_448: { ...large, patch: 14, layerScale: true, lastNorm: 'none' },

  vit_xsmall_patch16_clip_224: { width: 256, heads: 4, depth: 10, patch: 16, ...clip },
  vit_medium_patch16_clip_224: { ...medium, patch: 16, ...clip },
  vit_medium_patch32_clip_224: { ...medium, patch: 32, ...clip },
  vit_betwixt_patch32_clip_224: { ...betwixt, patch: 32, ...clip },
  vit_base_patch16_clip_224: { ...base, patch: 16, ...clip },
  vit_base_patch16_clip_384: { ...base, patch: 16, ...clip },
  vit_base_patch16_clip_quickgelu_224: { ...base, patch: 16, ...quickGelu },
  vit_base_patch16_plus_clip_240: { ...plus, patch: 16, ...clip },
  vit_base_patch32_clip_224: { ...base, patch: 32, ...clip },
  vit_base_patch32_clip_256: { ...base, patch: 32, ...clip },
  vit_base_patch32_clip_384: { ...base, patch: 32, ...clip },
  vit_base_patch32_clip_448: { ...base, patch: 32, ...clip },
  vit_base_patch32_clip_quickgelu_224: { ...base, patch: 32, ...quickGelu },
  vit_large_patch14_clip_224: { ...large, patch: 14, ...clip },
  vit_large_patch14_clip_336: { ...large, patch: 14, ...clip },
  vit_large_patch14_clip_quickgelu_224: { ...large, patch: 14, ...quickGelu },
  vit_large_patch14_clip_quickgelu_336: { ...large, patch: 14, ...quickGelu },
  vit_huge_patch14_clip_224: { ...huge, patch: 14, ...clip },
  vit_huge_patch14_clip_336: { ...huge, patch: 14, ...clip },
  vit_huge_patch14_clip_378: { ...huge, patch: 14, ...clip },
  vit_huge_patch14_clip_quickgelu_224: { ...huge, patch: 14, ...quickGelu },
  vit_huge_patch14_clip_quickgelu_378: { ...huge, patch: 14, ...quickGelu },
  vit_giant_patch14_clip_224: { ...giant, patch: 14, ...clip },
  vit_gigantic_patch14_clip_224: { ...gigantic, patch: 14, ...clip },
  vit_gigantic_patch14_clip_378: { ...gigantic, patch: 14, ...clip },
  vit_gigantic_patch14_clip_quickgelu_224: { ...gigantic, patch: 14, ...quickGelu },

  vit_base_patch16_siglip_gap_224: { ...base, patch: 16, ...mean },
  vit_base_patch16_siglip_gap_256: { ...base, patch: 16, ...mean },
  vit_base_patch16_siglip_gap_384: { ...base, patch: 16, ...mean },
  vit_base_patch16_siglip_gap_512: { ...base, patch: 16, ...mean },
  vit_base_patch32_siglip_gap_256: { ...base, patch: 32, ...mean, activation: 'gelu-tanh' },
  vit_large_patch16_siglip_gap_256: { ...large, patch: 16, ...mean },
  vit_large_patch16_siglip_gap_384: { ...large, patch: 16, ...mean },
  vit_large_patch16_siglip_gap_512: { ...large, patch: 16, ...mean, activation: 'gelu-tanh' },
  vit_so400m_patch14_siglip_gap_224: { ...shapeOptimised400, patch: 14, ...mean },
  vit_so400m_patch14_siglip_gap_378: { ...shapeOptimised400, patch: 14, ...mean },
  vit_so400m_patch14_siglip_gap_384: { ...shapeOptimised400, patch: 14, ...mean },
  vit_so400m_patch14_siglip_gap_448: { ...shapeOptimised400, patch: 14, ...mean },
  vit_so400m_patch14_siglip_gap_896: { ...shapeOptimised400, patch: 14, ...mean },
  vit_so400m_patch16_siglip_gap_256: { ...shapeOptimised400, patch: 16, ...mean, activation: 'gelu-tanh' },
  vit_so400m_patch16_siglip_gap_384: { ...shapeOptimised400, patch: 16, ...mean, activation: 'gelu-tanh' },
  vit_so400m_patch16_siglip_gap_512: { ...shapeOptimised400, patch: 16, ...mean, activation: 'gelu-tanh' },
  vit_giantopt_patch16_siglip_gap_256: { ...giantOptimised, patch: 16, ...mean, activation: 'gelu-tanh' },
  vit_giantopt_patch16_siglip_gap_384: { ...giantOptimised, patch: 16, ...mean, activation: 'gelu-tanh' },
}

/** Every DeiT (arXiv:2012.12877) and DeiT III (arXiv:2204.07118), by timm's name. */
export const deitVariants: Readonly<Record<string, VisionTransformerVariant>> = {
  deit_tiny_patch16_224: { ...tiny, patch: 16 },
  deit_small_patch16_224: { ...small, patch: 16 },
  deit_base_patch16_224: { ...base, patch: 16 },
  deit_base_patch16_384: { ...base, patch: 16 },
  deit_tiny_distilled_patch16_224: { ...tiny, patch: 16, distilled: true },
  deit_small_distilled_patch16_224: { ...small, patch: 16, distilled: true },
  deit_base_distilled_patch16_224: { ...base, patch: 16, distilled: true },
  deit_base_distilled_patch16_384: { ...base, patch: 16, distilled: true },
  deit3_small_patch16_224: { ...small, patch: 16, ...deit3 },
  deit3_small_patch16_384: { ...small, patch: 16, ...deit3 },
  deit3_medium_patch16_224: { ...medium, patch: 16, ...deit3 },
  deit3_base_patch16_224: { ...base, patch: 16, ...deit3 },
  deit3_base_patch16_384: { ...base, patch: 16, ...deit3 },
  deit3_large_patch16_224: { ...large, patch: 16, ...deit3 },
  deit3_large_patch16_384: { ...large, patch: 16, ...deit3 },
  deit3_huge_patch14_224: { ...huge, patch: 14, ...deit3 },
}

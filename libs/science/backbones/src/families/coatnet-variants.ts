/**
 * The CoAtNets that timm has weights of (maxxvit.py, timm 1.0.31). Its `_rw_coat_cfg` and `_rw_max_cfg` list what
 * departs from the paper (arXiv:2106.04803): expansion from the input's width, SiLU instead of GELU around
 * convolutions, and what the architectures name. timm's models of the paper's own widths (`coatnet_0_224`), which have
 * no weights, and its `coatnext` are not here.
 */
type Four = readonly [number, number, number, number]

/** What tells one CoAtNet from another. */
export interface CoAtNetArchitecture {
  readonly stem: readonly [number, number]
  readonly widths: Four
  readonly depths: Four
  /**
   * How the first inverted residual of a stage halves the side: by pooling before it, or by its depthwise convolution.
   */
  readonly halves: 'pool' | 'depthwise'
  /** Whether an inverted residual applies SiLU after its first norm. */
  readonly activatesFirst: boolean
  /** Whether an inverted residual's last convolution and its shortcut have biases. */
  readonly convolutionBias: boolean
  /** Whether squeeze-and-excitation is before the second norm or after it, and its activation. */
  readonly excitation: 'early' | 'late'
  readonly excitationActivation: 'relu' | 'silu'
  /** Whether the shortcut into the stages of attention has a bias. */
  readonly shortcutBias: boolean
  /** What shortcuts, and attention that halves the side, pool by: the mean of 2×2, or the maximum of 3×3. */
  readonly pool: 'average' | 'maximum'
  /** The norm of the stages of attention. */
  readonly norm: 'layer' | 'batch'
  readonly layerScale: boolean
  /** A table of biases by offset, or the width inside an MLP that computes them from the offset. */
  readonly positions: 'table' | number
  /** Whether the first block of each stage of attention is an inverted residual. */
  readonly convolvesFirst: boolean
}

const small = { stem: [32, 64], widths: [64, 128, 256, 512] } as const
const base = { stem: [32, 64], widths: [96, 192, 384, 768] } as const
const large = { stem: [64, 128], widths: [128, 256, 512, 1024] } as const
const huge = { stem: [96, 192], widths: [192, 384, 768, 1536] } as const
const shallow: Four = [2, 3, 7, 2]
const deep: Four = [2, 6, 14, 2]

/** timm's `_rw_coat_cfg`. */
const coat = {
  halves: 'pool',
  activatesFirst: true,
  convolutionBias: false,
  excitation: 'late',
  excitationActivation: 'relu',
  shortcutBias: true,
  pool: 'average',
  norm: 'layer',
  layerScale: false,
  positions: 'table',
  convolvesFirst: false,
} as const
/** timm's `_rw_max_cfg`, as the CoAtNets have it. */
const max = {
  ...coat,
  halves: 'depthwise',
  activatesFirst: false,
  convolutionBias: true,
  excitationActivation: 'silu',
} as const
const early = { ...coat, excitation: 'early', shortcutBias: false } as const
const late = { ...coat, halves: 'depthwise', excitationActivation: 'silu' } as const
const coatnetRmlp2: CoAtNetArchitecture = { ...large, depths: deep, ...late, layerScale: true, positions: 512 }

/** timm's models by their names. */
export const coAtNetVariants: Readonly<Record<string, CoAtNetArchitecture>> = {
  coatnet_pico_rw_224: { ...small, depths: [2, 3, 5, 2], ...max },
  coatnet_nano_rw_224: { ...small, depths: [3, 4, 6, 3], ...max, halves: 'pool' },
  coatnet_0_rw_224: { ...base, depths: shallow, ...early },
  coatnet_1_rw_224: { ...base, depths: deep, ...early, halves: 'depthwise' },
  coatnet_2_rw_224: { ...large, depths: deep, ...late },
  coatnet_3_rw_224: { ...huge, depths: deep, ...late, layerScale: true },
  coatnet_bn_0_rw_224: { ...base, depths: shallow, ...early, halves: 'depthwise', norm: 'batch' },
  coatnet_rmlp_nano_rw_224: { ...small, depths: [3, 4, 6, 3], ...max, positions: 384 },
  coatnet_rmlp_0_rw_224: { ...base, depths: shallow, ...coat, halves: 'depthwise', positions: 512 },
  coatnet_rmlp_1_rw_224: { ...base, depths: deep, ...early, pool: 'maximum', positions: 384 },
  coatnet_rmlp_1_rw2_224: { ...base, depths: deep, ...coat, halves: 'depthwise', positions: 512 },
  coatnet_rmlp_2_rw_224: coatnetRmlp2,
  coatnet_rmlp_2_rw_384: coatnetRmlp2,
  coatnet_rmlp_3_rw_224: { ...huge, depths: deep, ...late, layerScale: true, positions: 512 },
  coatnet_nano_cc_224: { ...small, depths: [3, 4, 6, 3], ...coat, convolvesFirst: true },
}

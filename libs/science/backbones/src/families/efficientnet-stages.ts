/**
 * [repeats, kernel, stride of the first, expansion, channels] of the stages of EfficientNet-B0, which Lite0 shares
 * (arXiv:1905.11946, table 1).
 */
export const efficientNetStages = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
] as const

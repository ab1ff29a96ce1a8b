import { digestOf, type Configuration, type Perturbation } from '@gauntlet/study'

const attack = { name: 'apgd-ce', iterations: 3, restarts: 1 } as const

/** The five perturbations of a usual study. */
export const perturbations: readonly Perturbation[] = [
  { name: 'clean', evaluator: { name: 'argmax' } },
  { name: 'Linf', epsilon: 4 / 255, evaluator: attack },
  { name: 'L2', epsilon: 0.5, evaluator: attack },
  { name: 'L1', epsilon: 12, evaluator: attack },
  { name: 'common', evaluator: { name: 'corruptions', portfolio: ['fog', 'contrast'], severity: 3 } },
]

/** A configuration that differs from those with another seed or backbone. */
export function cell(seed: number, backbone = 'backbone-a'): Configuration {
  return {
    dataset: {
      id: 'digits',
      source: 'file:digits',
      sha256: digestOf('digits'),
      classes: 10,
      resolution: 32,
      trainImages: 64,
      validationImages: 16,
      testImages: 40,
      splitSeed: 42,
    },
    backbone: { id: backbone, source: `file:${backbone}`, sha256: digestOf(backbone), inputContract: 'paper' },
    loss: 'TRADES',
    protocol: { id: 'FFT-1', trains: 'all', epochs: 1 },
    seed,
    hyperparameters: {
      learningRateBackbone: 1e-4,
      learningRateHead: 1e-3,
      weightDecayBackbone: 1e-6,
      weightDecayHead: 1e-6,
      cosine: true,
      effectiveBatch: 64,
      microBatch: 32,
      microBatchMayShrink: true,
      attackEpsilon: 4 / 255,
      attackIterations: 3,
      tradesBeta: 1,
      augmentation: { horizontalFlip: false, colorJitter: 0, rotationDegrees: 0 },
      checkpointEverySteps: 1,
    },
  }
}

/** Configurations of seeds 1 to `count`. */
export function cells(count: number, backbone?: string): Configuration[] {
  return Array.from({ length: count }, (_, index) => cell(index + 1, backbone))
}

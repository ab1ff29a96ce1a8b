import type { Configuration } from '@gauntlet/study'

/**
 * What a file of trained parameters says of itself. Fine-tuning writes it, and the checkpoint stage writes the same of
 * the same parameters, so that both have the same bytes and the store keeps them once.
 */
export function trainedMetadata({ backbone, loss, seed }: Configuration): Record<string, string> {
  return { format: 'pt', backbone: backbone.id, inputContract: backbone.inputContract, loss, seed: String(seed) }
}

import { tf, type NamedTensors, type Tensor1D } from '@gauntlet/engine'
import { movedStatistics, type NormStatistics } from '@gauntlet/nn'

/** The statistics that a batch norm took of one micro-batch. */
export interface BatchStatistics extends NormStatistics {
  /** The norm layer's full name in the checkpoint. */
  readonly name: string
}

/**
 * The buffers after one forward pass of a batch norm in training mode: its running statistics are moved as torch moves
 * them, and the batch is counted where the checkpoint has a counter (`num_batches_tracked`).
 */
export function withStatistics(buffers: NamedTensors, { name, ...batch }: BatchStatistics): NamedTensors {
  const named = (buffer: string) => `${name}.${buffer}`
  const [mean, variance] = [buffers[named('running_mean')], buffers[named('running_var')]] as (Tensor1D | undefined)[]
  const counted = buffers[named('num_batches_tracked')]
  const changed: Record<string, NamedTensors[string]> = {}
  if (mean && variance) {
    const moved = movedStatistics({ mean, variance }, batch)
    changed[named('running_mean')] = moved.mean
    changed[named('running_var')] = moved.variance
  }
  if (counted) changed[named('num_batches_tracked')] = counted.add(tf.onesLike(counted))
  return { ...buffers, ...changed }
}

import { tf, type Tensor, type Tensor1D } from '@gauntlet/engine'
import { movedStatistics, type NormStatistics } from '@gauntlet/nn'

/** What a batch norm saw of one micro-batch. */
export interface BatchStatistics extends NormStatistics {
  /** The norm layer's full name in the checkpoint. */
  readonly name: string
}

/**
 * Moves the running statistics of a batch norm as torch does in a training-mode forward pass, and counts the batch where the
 * checkpoint does (`num_batches_tracked`). Replaces the tensors in `buffers`, and disposes of the old ones and of the batch's.
 */
export function moveRunningStatistics(buffers: Map<string, Tensor>, batch: BatchStatistics): void {
  const replace = (buffer: string, tensor: Tensor) => {
    buffers.get(`${batch.name}.${buffer}`)?.dispose()
    buffers.set(`${batch.name}.${buffer}`, tensor)
  }
  const running = (buffer: string) => buffers.get(`${batch.name}.${buffer}`) as Tensor1D | undefined
  const [mean, variance, counted] = [running('running_mean'), running('running_var'), running('num_batches_tracked')]
  if (mean && variance) {
    const moved = movedStatistics({ mean, variance }, batch)
    replace('running_mean', moved.mean)
    replace('running_var', moved.variance)
  }
  if (counted)
    replace(
      'num_batches_tracked',
      tf.tidy(() => counted.add(tf.onesLike(counted))),
    )
  tf.dispose([batch.mean, batch.variance])
}

import { tf, type Tensor1D } from '@gauntlet/engine'
import { movedStatistics, type ForwardContext, type Parameters } from '@gauntlet/nn'

/** Stores in `moved`, under its full name, what each running statistic becomes when a batch norm has seen a batch. */
export function notingStatistics(
  parameters: Parameters,
  moved: Map<string, Float32Array>,
): NonNullable<ForwardContext['onBatchStatistics']> {
  return (name, batch) => {
    const tensor = (part: string) => parameters.at(name).tensor<Tensor1D>(part)
    const { mean, variance } = movedStatistics({ mean: tensor('running_mean'), variance: tensor('running_var') }, batch)
    moved.set(`${name}.running_mean`, mean.dataSync() as Float32Array)
    moved.set(`${name}.running_var`, variance.dataSync() as Float32Array)
    tf.dispose([mean, variance])
  }
}

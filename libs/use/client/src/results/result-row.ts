import { wilsonInterval } from '@gauntlet/analysis'
import type { MeasuredCell } from './study-results.ts'

/**
 * One row of a study's table, as `gauntlet results --json` and the API give it. `current` says whether its key is that
 * of a plan made now.
 */
export function resultRow(cell: MeasuredCell, current = true) {
  const { row, dataset, backbone, loss, protocol, seed, inputContract } = cell
  const { perturbation, epsilon, evaluator, correct, total, accuracy } = cell
  const { flags, measurementId, environmentClass, codeDigest, importSeal, meanPerClass } = cell
  return {
    row,
    dataset,
    backbone,
    loss,
    protocol,
    seed,
    inputContract,
    perturbation,
    epsilon,
    evaluator,
    correct,
    total,
    accuracy,
    ...(meanPerClass === undefined ? {} : { meanPerClass }),
    interval: wilsonInterval({ correct, total }),
    flags,
    measurementId,
    environmentClass,
    codeDigest,
    importSeal,
    current,
  }
}

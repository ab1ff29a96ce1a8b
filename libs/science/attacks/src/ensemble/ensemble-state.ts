import type { AttackBatch, AttackTask } from './attack-batch.ts'
import type { Attack, Cost } from '../attack/attack.ts'
import type { Ball } from '../balls/ball.ts'
import type { BlockWork } from './block-result.ts'
import type { CleanPrediction } from './clean-prediction.ts'
import type { EnsembleProgress } from './ensemble-progress.ts'
import type { EnsembleVerdict } from './ensemble-verdict.ts'
import type { ImageRuns } from './image-runs.ts'
import type { ImageSet } from './image-set.ts'
import type { LogitsFunction } from '../attack/loss.ts'
import type { Network } from '../attack/network.ts'

/** What an ensemble of attacks is run on, and how. */
export interface EnsembleTask {
  readonly logits: LogitsFunction
  readonly ball: Ball
  readonly imageSet: ImageSet
  /** In order. Each is given the images that held against those before it. */
  readonly attacks: readonly Attack[]
  readonly seed: number
  /**
   * Most images under attack at once, and no more than a pass has rows (`passRows`). No bit of a verdict depends on it.
   */
  readonly batchSize: number
  /**
   * The same model with its weights as an argument and its batch norms folded (`frozenNetwork`). Where it is given,
   * long attacks are captured as programs and search on it.
   */
  readonly network?: Network | undefined
  /** Most steps of a block; each attack has its own number unless given. No verdict depends on it. */
  readonly blockSteps?: number
  /** Checked between blocks. */
  readonly signal?: AbortSignal | undefined
  /** Called after every block. */
  readonly onBlock?: OnBlock | undefined
  /** Called with each adversarial point as it is found, [height · width · channels]. */
  readonly onFallen?: ((row: number, point: Float32Array) => void) | undefined
}

/** Called with `save`, which gives what is needed to go on from here, the verdicts so far and what the block cost. */
export type OnBlock = (
  save: () => Promise<EnsembleProgress>,
  verdicts: readonly EnsembleVerdict[],
  work: BlockWork,
) => Promise<void> | void

/** How far an ensemble is. */
export interface EnsembleState {
  readonly task: EnsembleTask
  readonly cleanPredictions: readonly CleanPrediction[]
  readonly verdicts: EnsembleVerdict[]
  /** Which attack runs. */
  attack: number
  /** Rows of the images that wait for it. */
  queue: number[]
  /** The images that are under it, each with the runs that have begun, by row. */
  images: Map<number, ImageRuns>
  /** Their runs, a slot each. */
  batch: AttackBatch
  /** Target classes by rank, for attacks that rank them in their own way. */
  rankings: Map<number, readonly number[]>
}

/** The attack that runs, and what it is run on. */
export function attackTaskOf({ task, cleanPredictions, attack, rankings }: EnsembleState): AttackTask {
  const targetOf = (row: number, rank: number) => (rankings.get(row) ?? cleanPredictions[row]!.ranking)[rank]!
  return { ...task, attack: task.attacks[attack]!, targetOf }
}

/** Adds passes through the model to the verdict on an image. */
export function addPasses(
  { verdicts }: EnsembleState,
  row: number,
  { forwards, backwards }: Cost,
  times: number,
): void {
  const verdict = verdicts[row]!
  verdicts[row] = {
    ...verdict,
    forwards: verdict.forwards + forwards * times,
    backwards: verdict.backwards + backwards * times,
  }
}

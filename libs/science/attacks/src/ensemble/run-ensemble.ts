import { setImmediate as nextTurn } from 'node:timers/promises'
import { batchPositionInvariant, tf } from '@gauntlet/engine'
import { emptied, emptyBatch, refilled } from './attack-batch.ts'
import type { Attack } from '../attack/attack.ts'
import { blockRunner } from './block-programs.ts'
import { predictClean } from './clean-prediction.ts'
import { restoredStates, savedStates, type EnsembleProgress } from './ensemble-progress.ts'
import { addPasses, attackTaskOf, type EnsembleState, type EnsembleTask } from './ensemble-state.ts'
import type { EnsembleVerdict } from './ensemble-verdict.ts'
import { ImageRuns } from './image-runs.ts'
import { passesOf, readPass } from './image-set.ts'
import { narrow } from './narrow.ts'
import { refilledFromQueue, runBlock } from './run-block.ts'
import { verdictAfter, type Verdict } from './verdict.ts'

/**
 * Attacks every image with one attack after the other until it falls. A batch of fixed size is kept full from the queue
 * of images that wait, and then with further runs of those that are left (`ImageRuns`). An image leaves it at its first
 * misclassified point; one that holds goes on to its next run and then to the next attack. That is the reference's
 * pointwise worst case (autoattack.py:168), since there too an image counts as fallen if any iterate of any attack is
 * misclassified. All noise is keyed by (seed, image, attack, run, step), so that no verdict depends on the batch, the
 * order, the shard or an interruption.
 *
 * A point that an attack takes for misclassified is brought into ball and box, measured and confirmed by the model
 * before its image counts as fallen.
 */
export async function runEnsemble(given: EnsembleTask, resumeFrom?: EnsembleProgress): Promise<EnsembleVerdict[]> {
  const network = given.network && { ...given.network, logits: batchPositionInvariant(given.network.logits) }
  const task = { ...given, network, logits: batchPositionInvariant(given.logits) }
  const ensemble = resumeFrom ? await resumed(task, resumeFrom) : await begun(task)
  try {
    for (; ensemble.attack < task.attacks.length; ensemble.attack++) {
      await runAttack(ensemble)
      ensemble.queue = heldRows(ensemble.verdicts)
      ensemble.rankings = new Map()
    }
  } finally {
    ensemble.batch = emptied(ensemble.batch)
  }
  return ensemble.verdicts
}

async function begun(task: EnsembleTask): Promise<EnsembleState> {
  const { logits, imageSet, batchSize } = task
  const cleanPredictions = await predictClean(logits, imageSet, batchSize)
  const verdicts = cleanPredictions.map(({ prediction, margin, distance }, row): EnsembleVerdict => {
    const verdict = verdictAfter(null, { prediction, margin, distance }, imageSet.labels[row]!)
    return { ...verdict, felledBy: verdict.held ? null : { attack: 'clean', run: 0 }, forwards: 1, backwards: 0 }
  })
  return {
    task,
    cleanPredictions,
    verdicts,
    attack: 0,
    queue: heldRows(verdicts),
    images: new Map(),
    batch: emptyBatch,
    rankings: new Map(),
  }
}

async function resumed(task: EnsembleTask, progress: EnsembleProgress): Promise<EnsembleState> {
  const { attack, queue, images, positions, verdicts, cleanPredictions, rankings } = progress
  const states = restoredStates(progress)
  const ensemble: EnsembleState = {
    task,
    cleanPredictions,
    verdicts: [...verdicts],
    attack,
    queue: [...queue],
    images: new Map(images.map(({ row, lead, ahead }) => [row, new ImageRuns(lead, states ? ahead : [])])),
    batch: emptyBatch,
    rankings: new Map(rankings),
  }
  try {
    const entering = states ? positions : images.map(({ row, lead }) => ({ row, run: lead, step: 0 }))
    ensemble.batch = await refilled(attackTaskOf(ensemble), emptyBatch, [], entering, states)
  } finally {
    if (states) tf.dispose(states as never)
  }
  return ensemble
}

function heldRows(verdicts: readonly Verdict[]): number[] {
  return [...verdicts.keys()].filter((row) => verdicts[row]!.held)
}

/** Runs one attack on all images of the queue. Its programs live as long as it runs. */
async function runAttack(ensemble: EnsembleState): Promise<void> {
  const { task } = ensemble
  const attack = task.attacks[ensemble.attack]!
  await rankTargets(ensemble, attack)
  const runner = blockRunner(attack, task)
  const comparedRows = new Set<number>()
  try {
    ensemble.batch = await refilledFromQueue(ensemble, attack, [...ensemble.batch.slots.keys()])
    for (let most = runner.steps; ensemble.batch.slots.length > 0;) {
      task.signal?.throwIfAborted()
      await narrow(ensemble, runner, comparedRows)
      const work = await runBlock(ensemble, runner, most)
      most = Math.min(2 * work.allowed, runner.steps)
      await nextTurn() // in which a signal arrives, so that what this block did is kept before the attack ends
      await task.onBlock?.(() => progressOf(ensemble), ensemble.verdicts, work)
    }
  } finally {
    runner.dispose()
  }
}

/** Ranks the target classes of all images of the queue, for an attack that does not take them by the clean logits. */
async function rankTargets(ensemble: EnsembleState, { rankTargets: rank }: Attack): Promise<void> {
  const { task, queue, rankings } = ensemble
  if (!rank) return
  const rows = queue.filter((row) => !rankings.has(row))
  for (const batch of passesOf(task.imageSet, rows, task.batchSize)) {
    const images = await readPass(task.imageSet, batch)
    try {
      const { classes, forwards, backwards } = rank(task.logits, images)
      batch.forEach((row, i) => {
        rankings.set(row, classes[i]!)
        addPasses(ensemble, row, { forwards, backwards }, 1)
      })
    } finally {
      images.dispose()
    }
  }
}

async function progressOf(ensemble: EnsembleState): Promise<EnsembleProgress> {
  const { attack, queue, images, batch, verdicts, cleanPredictions, rankings, task } = ensemble
  const positions = batch.slots.map(({ row, run, step }) => ({ row, run, step }))
  const states = batch.tensors ? await savedStates(batch.tensors.state, positions.length) : []
  return {
    attack,
    queue: [...queue],
    images: [...images].map(([row, runs]) => runs.saved(row, task.imageSet.labels[row]!)),
    positions,
    states,
    verdicts: [...verdicts],
    cleanPredictions,
    rankings: [...rankings],
  }
}

import {
  flagsOfHeld,
  flagsOfVerdicts,
  frozenNetwork,
  runEnsemble,
  type EnsembleVerdict,
  type ImageSet,
} from '@gauntlet/attacks'
import { escalated } from './escalate.ts'
import type { AttackEvaluation, Evaluated } from './evaluation.ts'
import type { EvaluatorAttacks } from './evaluator-attacks.ts'
import { strictestPolicy, type Evidence } from './evidence.ts'
import { imageSetOf } from './image-set.ts'
import { inspectModel } from './inspect-model.ts'
import type { Outcome } from './outcome.ts'
import { reporting } from './attack-progress.ts'

/**
 * Attacks the images that are right unperturbed with one attack of the evaluator after the other (`runEnsemble`). No
 * other image is attacked, so that the accuracy can never lie above clean accuracy. An evaluator that escalates goes on
 * against the images that held where its flags ask for more.
 */
export async function evaluateUnderAttack(
  evaluation: AttackEvaluation,
  evaluator: EvaluatorAttacks,
): Promise<Evaluated> {
  const { logits, seed, reader, batchSize, signal, onFallen } = evaluation
  const { attacks, ball, leftOut, escalation } = evaluator
  const imageSet = imageSetOf(reader, signal)
  const network = await capturable(evaluation, imageSet)
  const task = { logits, network, ball, imageSet, attacks, seed, batchSize, signal, onFallen }
  const saved = evaluation.resumeFrom?.kind === 'ensemble' ? evaluation.resumeFrom : undefined
  try {
    const progress = saved?.before ? undefined : saved?.ensemble
    const verdicts =
      saved?.before ?? (await runEnsemble({ ...task, onBlock: reporting(evaluation, attacks) }, progress))
    signal?.throwIfAborted()
    const inspection = await inspectModel(logits, imageSet)
    const flags = [...inspection.flags, ...flagsOfVerdicts(verdicts, leftOut)]
    const isDue = escalation.length > 0 && strictestPolicy(flags) === 'escalate'
    const found = isDue
      ? await escalated({ ...task, attacks: escalation }, evaluation, { verdicts, flags })
      : { verdicts, flags }
    return evaluatedOf(imageSet, found, inspection)
  } finally {
    network?.dispose()
  }
}

/** The model as captured attacks search on it. The first image shows whether its batch norms may be folded. */
async function capturable({ network }: AttackEvaluation, imageSet: ImageSet) {
  if (!network || imageSet.digests.length === 0) return undefined
  const image = await imageSet.read([0])
  try {
    return frozenNetwork(network.model, network.parameters, image)
  } finally {
    image.dispose()
  }
}

type Found = Pick<Evidence, 'flags' | 'escalation'> & { readonly verdicts: readonly EnsembleVerdict[] }
type Passes = Pick<Evidence, 'forwards' | 'backwards'>

function evaluatedOf(imageSet: ImageSet, { verdicts, flags, ...facts }: Found, inspection: Passes): Evaluated {
  const held = verdicts.filter((verdict) => verdict.held).length
  const passes = (of: (passes: Passes) => number) =>
    verdicts.reduce((total, verdict) => total + of(verdict), of(inspection))
  return {
    outcomes: verdicts.map((verdict, index) => outcomeOf(imageSet, index, verdict)),
    evidence: {
      ...facts,
      flags: flagsOfHeld(flags, held),
      forwards: passes(({ forwards }) => forwards),
      backwards: passes(({ backwards }) => backwards),
    },
  }
}

function outcomeOf({ digests, labels }: ImageSet, index: number, verdict: EnsembleVerdict): Outcome {
  const { held, prediction, margin, distance, felledBy } = verdict
  const run = felledBy && felledBy.attack !== 'clean' ? felledBy.run : null
  const [image, label] = [digests[index]!, labels[index]!]
  return { image, index, label, prediction, held, felledBy: felledBy?.attack ?? null, run, margin, distance }
}

import { flagsOfHeld, flagsOfVerdicts, frozenNetwork, runEnsemble, type EnsembleVerdict } from '@gauntlet/attacks'
import { escalated } from './escalate.ts'
import type { AttackEvaluation, Evaluated } from './evaluation.ts'
import type { EvaluatorAttacks } from './evaluator-attacks.ts'
import { strictestPolicy, type Evidence } from './evidence.ts'
import { inspectModel } from './inspect-model.ts'
import { galleryOf, type EvaluatedGallery } from './gallery.ts'
import type { Outcome } from './outcome.ts'
import { reporting } from './attack-progress.ts'

/**
 * Attacks the images that are right unperturbed, and no others, with one attack of the evaluator after the other: the
 * accuracy can never lie above clean. All evaluators go the same way (`runEnsemble`); what has been done is kept to the
 * step. Where the flags ask for more, an evaluator that escalates goes on against what held.
 */
export async function evaluateUnderAttack(
  evaluation: AttackEvaluation,
  evaluator: EvaluatorAttacks,
): Promise<Evaluated> {
  const { logits, seed, reader, chunkSize: batchSize, signal, onFallen } = evaluation
  const { attacks, ball, leftOut, escalation } = evaluator
  const gallery = galleryOf(reader, signal)
  const network = await captured(evaluation, gallery)
  const campaign = { logits, network, ball, gallery, attacks, seed, batchSize, signal, onFallen }
  const saved = evaluation.resumeFrom?.kind === 'ensemble' ? evaluation.resumeFrom : undefined
  try {
    const progress = saved?.before ? undefined : saved?.ensemble
    const verdicts =
      saved?.before ?? (await runEnsemble({ ...campaign, onBlock: reporting(evaluation, attacks) }, progress))
    signal?.throwIfAborted()
    const inspection = await inspectModel(logits, gallery)
    const doubts = [...inspection.flags, ...flagsOfVerdicts(verdicts, leftOut)]
    const isDue = escalation.length > 0 && strictestPolicy(doubts) === 'escalate'
    const found = isDue
      ? await escalated({ ...campaign, attacks: escalation }, evaluation, { verdicts, flags: doubts })
      : { verdicts, flags: doubts }
    return evaluatedOf(gallery, found, inspection)
  } finally {
    network?.dispose()
  }
}

/** The model as programs search on it; the first image shows whether it may be folded. */
async function captured({ network }: AttackEvaluation, gallery: EvaluatedGallery) {
  if (!network || gallery.digests.length === 0) return undefined
  const image = await gallery.read([0])
  try {
    return frozenNetwork(network.model, network.parameters, image)
  } finally {
    image.dispose()
  }
}

type Found = Pick<Evidence, 'flags' | 'escalation'> & { readonly verdicts: readonly EnsembleVerdict[] }
type Passes = Pick<Evidence, 'forwards' | 'backwards'>

function evaluatedOf(gallery: EvaluatedGallery, { verdicts, flags, ...facts }: Found, inspection: Passes): Evaluated {
  const held = verdicts.filter((verdict) => verdict.held).length
  const passes = (of: (passes: Passes) => number) =>
    verdicts.reduce((total, verdict) => total + of(verdict), of(inspection))
  return {
    outcomes: verdicts.map((verdict, index) => outcomeOf(gallery, index, verdict)),
    evidence: {
      ...facts,
      flags: flagsOfHeld(flags, held),
      forwards: passes(({ forwards }) => forwards),
      backwards: passes(({ backwards }) => backwards),
    },
  }
}

function outcomeOf({ digests, labels }: EvaluatedGallery, index: number, verdict: EnsembleVerdict): Outcome {
  const { held, prediction, margin, distance, felledBy } = verdict
  const run = felledBy && felledBy.attack !== 'clean' ? felledBy.run : null
  const [image, label] = [digests[index]!, labels[index]!]
  return { image, index, label, prediction, held, felledBy: felledBy?.attack ?? null, run, margin, distance }
}

import { flagsOfVerdicts, frozenNetwork, runEnsemble, type Attack, type EnsembleVerdict } from '@gauntlet/attacks'
import type { Evaluated, Evaluation } from './evaluate.ts'
import type { EvaluatorAttacks } from './evaluator-attacks.ts'
import { inspectModel } from './inspect-model.ts'
import { galleryOf, type EvaluatedGallery } from './gallery.ts'
import type { Outcome } from './outcome.ts'

/** An evaluation whose attacks are given, and with them the perturbation. */
export type AttackEvaluation = Omit<Evaluation, 'perturbation' | 'classes'>

/**
 * Attacks the images that are right unperturbed, and no others, with one attack of the evaluator after the other: the accuracy can never lie above clean. All
 * evaluators go the same way (`runEnsemble`); what has been done is kept to the step.
 */
export async function evaluateUnderAttack(
  evaluation: AttackEvaluation,
  { attacks, ball, leftOut }: EvaluatorAttacks,
): Promise<Evaluated> {
  const { logits, seed, reader, chunkSize: batchSize, signal, onFallen, resumeFrom } = evaluation
  const gallery = galleryOf(reader, signal)
  const campaign = { logits, ball, gallery, attacks, seed, batchSize, signal, onFallen }
  const network = await captured(evaluation, gallery)
  const onBlock = reporting(evaluation, attacks)
  const verdicts = await runEnsemble(
    { ...campaign, network, onBlock },
    resumeFrom?.kind === 'ensemble' ? resumeFrom.ensemble : undefined,
  ).finally(() => network?.dispose())
  signal?.throwIfAborted()
  const inspection = await inspectModel(logits, gallery)
  const sum = (of: (verdict: EnsembleVerdict) => number) => verdicts.reduce((total, verdict) => total + of(verdict), 0)
  return {
    outcomes: verdicts.map((verdict, index) => outcomeOf(gallery, index, verdict)),
    evidence: {
      flags: [...inspection.flags, ...flagsOfVerdicts(verdicts, leftOut)],
      forwards: inspection.forwards + sum(({ forwards }) => forwards),
      backwards: inspection.backwards + sum(({ backwards }) => backwards),
    },
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

type OnBlock = NonNullable<Parameters<typeof runEnsemble>[0]['onBlock']>

/** Tells after every block how much of the work is done, in images. */
function reporting({ onProgress, reader }: AttackEvaluation, attacks: readonly Attack[]): OnBlock | undefined {
  if (!onProgress) return undefined
  const whole = attacks.reduce((sum, { runs, steps, cost }) => sum + runs * steps * (cost.forwards + cost.backwards), 1)
  return async (save, verdicts) => {
    const share = ({ held, forwards, backwards }: EnsembleVerdict) => (held ? Math.min((forwards + backwards) / whole, 1) : 1)
    const done = Math.floor(verdicts.reduce((sum, verdict) => sum + share(verdict), 0))
    await onProgress({ done, total: reader.count, save: async () => ({ kind: 'ensemble', ensemble: await save() }) })
  }
}

function outcomeOf({ digests, labels }: EvaluatedGallery, index: number, verdict: EnsembleVerdict): Outcome {
  const { held, prediction, margin, distance, felledBy } = verdict
  const run = felledBy && felledBy.attack !== 'clean' ? felledBy.run : null
  const [image, label] = [digests[index]!, labels[index]!]
  return { image, index, label, prediction, held, felledBy: felledBy?.attack ?? null, run, margin, distance }
}

import {
  checkpointIdentity,
  fineTuneIdentity,
  perturbAndEvaluateIdentity,
  prepareDatasetIdentity,
  pretrainLoadIdentity,
  pretrainLoadInputOf,
  stageCode,
  type WorkerDescription,
} from '@gauntlet/contract'
import {
  canonicalJson,
  isJsonObject,
  type ArtifactsByRole,
  type Configuration,
  type Json,
  type Perturbation,
  type StageIdentity,
} from '@gauntlet/study'

/**
 * The identity that a configuration gives a stage on the recorded inputs, by the recorded code, in the recorded
 * environment. It is made by the functions that make keys before a stage runs.
 */
export function expectedIdentity(
  recorded: StageIdentity,
  configuration: Configuration,
  perturbation: Perturbation | null,
): StageIdentity {
  const worker = workerOf(recorded, configuration, perturbation)
  const inputs = referencesTo(recorded.inputs)
  switch (recorded.stage) {
    case 'prepare-dataset':
      return prepareDatasetIdentity(worker, configuration.dataset)
    case 'pretrain-load':
      return pretrainLoadIdentity(worker, pretrainLoadInputOf(configuration))
    case 'fine-tune': {
      const microBatch = microBatchOf(recorded.parameters) ?? configuration.hyperparameters.microBatch
      return fineTuneIdentity(worker, { configuration, microBatch, dataset: inputs, pretrained: inputs })
    }
    case 'checkpoint':
      return checkpointIdentity(worker, { configuration, dataset: inputs, trained: inputs })
    case 'perturb-and-evaluate':
      return perturbAndEvaluateIdentity(worker, {
        configuration,
        dataset: inputs,
        checkpoint: inputs,
        perturbation: perturbation!,
      })
  }
}

/** A worker with the code and the environment of the record. */
function workerOf(
  { stage, codeDigest, environmentClass }: StageIdentity,
  { backbone }: Configuration,
  perturbation: Perturbation | null,
): WorkerDescription {
  const described = { environment: null, environmentClass }
  const code = stageCode(stage, backbone.id, perturbation?.name)
  return { ...described, host: described, codeDigests: { [code]: codeDigest } }
}

/** The micro-batch that a fine-tuning used: smaller than the configuration's own where that did not fit. */
export function microBatchOf(parameters: Json): number | null {
  const { hyperparameters } = parameters as { readonly hyperparameters?: { readonly microBatch?: unknown } }
  return typeof hyperparameters?.microBatch === 'number' ? hyperparameters.microBatch : null
}

/** A role that is not among the recorded inputs gets a digest that no identity has. */
function referencesTo(inputs: StageIdentity['inputs']): ArtifactsByRole {
  const roles = ['manifest', 'images', 'parameters', 'trained', 'checkpoint']
  return Object.fromEntries(
    roles.map((role) => [role, { digest: inputs[role] ?? 'absent', size: 0, mediaType: '' }] as const),
  )
}

/** How a recorded identity compares with the one that its configuration gives. */
export type Agreement =
  | { readonly agrees: true }
  /** The fields of both are equal, but each has some that the other lacks: another version of Gauntlet named them. */
  | { readonly agrees: null }
  | { readonly agrees: false; readonly field: string; readonly recorded: Json; readonly expected: Json }

/** Compares a recorded identity with the expected one, field by field. */
export function agreementOf(recorded: StageIdentity, expected: StageIdentity): Agreement {
  let hasOthers = false
  const pairs: [path: string, recorded: Json, expected: Json][] = [
    ['seed', recorded.seed, expected.seed],
    ['parameters', recorded.parameters, expected.parameters],
    ['inputs', recorded.inputs, expected.inputs],
  ]
  for (let next = pairs.pop(); next; next = pairs.pop()) {
    const [path, one, other] = next
    if (isJsonObject(one) && isJsonObject(other)) {
      for (const name of new Set([...Object.keys(one), ...Object.keys(other)]))
        if (name in one && name in other) pairs.push([`${path}.${name}`, one[name]!, other[name]!])
        else hasOthers = true
    } else if (one !== other && canonicalJson(one) !== canonicalJson(other))
      return { agrees: false, field: path, recorded: one, expected: other }
  }
  return hasOthers ? { agrees: null } : { agrees: true }
}

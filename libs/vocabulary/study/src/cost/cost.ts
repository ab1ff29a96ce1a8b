import { datasetFacts, type SplitSizes } from '../catalogue/dataset-catalogue.ts'
import type { Configuration, LossName, Perturbation, ProtocolSpecification } from '../configuration.ts'
import { evaluationCost } from './evaluation-cost.ts'
import type { Passes } from './passes.ts'
import type { StageName } from '../stage.ts'

/**
 * The cost of a stage, known before it runs. It counts passes through the model; how long a pass takes depends on the
 * machine and the resolution.
 */
export interface StageCost {
  readonly stage: StageName
  readonly perturbation?: Perturbation
  /** Null where the dataset's size is not known yet. */
  readonly passes: Passes | null
  /** The passes in forward-equivalents: forward passes of one image, or work worth as much. */
  readonly forwards: number | null
}

/** In forward-equivalents: a forward pass is 1, a backward pass to the pixels 1, one to the parameters 2. */
function forwardsOf({ forward, gradient, update }: Passes): number {
  return forward + 2 * gradient + 3 * update
}

/**
 * The cost of each stage of a configuration. It is an upper bound, because attacks are counted as if every image held
 * to the end. The sizes come from the manifest once there is one, and until then from the configuration and the
 * catalogue.
 */
export function stageCosts(
  configuration: Configuration,
  perturbations: readonly Perturbation[],
  manifest?: SplitSizes,
): StageCost[] {
  const sizes = manifest ?? splitSizes(configuration)
  const cost = (stage: StageName, passes: Passes | null, perturbation?: Perturbation): StageCost => ({
    stage,
    ...(perturbation ? { perturbation } : {}),
    passes,
    forwards: passes && forwardsOf(passes),
  })
  return [
    cost('prepare-dataset', noPasses),
    cost('pretrain-load', noPasses),
    ...(configuration.protocol.trains === 'nothing' ? [] : [cost('fine-tune', fineTuneCost(configuration, sizes))]),
    cost('checkpoint', times(sizes.validation, oneForward)),
    ...perturbations.map((perturbation) =>
      cost(
        'perturb-and-evaluate',
        times(sizes.test, evaluationCost(perturbation, configuration.dataset.classes)),
        perturbation,
      ),
    ),
    cost('aggregate', noPasses),
  ]
}

/** The forward-equivalents of all stages of a configuration; null where the size of the dataset is not known yet. */
export function configurationCost(
  configuration: Configuration,
  perturbations: readonly Perturbation[],
  manifest?: SplitSizes,
): number | null {
  return stageCosts(configuration, perturbations, manifest).reduce<number | null>(
    (total, { forwards }) => (total === null || forwards === null ? null : total + forwards),
    0,
  )
}

type KnownSizes = { readonly [split in keyof SplitSizes]: number | null }

/**
 * The images that a configuration uses of each split; null for all images of a dataset whose size the catalogue does
 * not know.
 */
function splitSizes({ dataset }: Configuration): KnownSizes {
  const facts = datasetFacts(dataset.id)
  const known = facts?.source === dataset.source ? facts.splitSizes : null
  const used = (wanted: number | null, available: number | undefined): number | null =>
    wanted === null ? (available ?? null) : Math.min(wanted, available ?? wanted)
  return {
    train: used(dataset.trainImages, known?.train),
    validation: used(dataset.validationImages, known?.validation),
    test: used(dataset.testImages, known?.test),
  }
}

const noPasses: Passes = { forward: 0, gradient: 0, update: 0 }
const oneForward: Passes = { ...noPasses, forward: 1 }

/** Every epoch trains on each training image and evaluates each validation image, clean and under the inner attack. */
function fineTuneCost(
  { loss, protocol, hyperparameters }: Configuration,
  { train, validation }: KnownSizes,
): Passes | null {
  const attack = apgdCost(hyperparameters.attackIterations)
  const step = plus(loss === 'standard' ? noPasses : attack, updateCost(loss, protocol))
  const [trained, validated] = [times(train, step), times(validation, plus(oneForward, attack))]
  return trained && validated && times(protocol.epochs, plus(trained, validated))
}

/**
 * One image's share of an optimiser step. TRADES passes the clean image and the adversarial one. The backward pass of a
 * linear probe is negligible.
 */
function updateCost(loss: LossName, { trains }: ProtocolSpecification): Passes {
  const images = loss === 'TRADES' ? 2 : 1
  return trains === 'all' ? { ...noPasses, update: images } : { ...noPasses, forward: images }
}

/** APGD takes loss and gradient at its start and after every iteration. */
function apgdCost(iterations: number): Passes {
  return { ...noPasses, gradient: iterations + 1 }
}

/** The passes of `count` images; null for an unknown number of them. */
function times(count: number | null, passes: Passes): Passes | null {
  return count === null ? null : scaled(count, passes)
}

function scaled(factor: number, { forward, gradient, update }: Passes): Passes {
  return { forward: factor * forward, gradient: factor * gradient, update: factor * update }
}

function plus(a: Passes, b: Passes): Passes {
  return { forward: a.forward + b.forward, gradient: a.gradient + b.gradient, update: a.update + b.update }
}

import {
  backboneFacts,
  type Configuration,
  type KeyedStage,
  type Perturbation,
  type StageIdentity,
} from '@gauntlet/study'

/**
 * The name of the code of one stage: the stage, the family of the backbone where it is about one, and the perturbation
 * where it evaluates. Stages with one name run the same bundle; a change of what a name does not cover changes none of
 * their keys. Examples: `prepare-dataset`, `fine-tune/Swin`, `perturb-and-evaluate/Swin/Linf`.
 */
export type StageCode = 'prepare-dataset' | `${Exclude<KeyedStage, 'prepare-dataset'>}/${string}`

/** The parts of a stage's code by name. */
export interface StageCodeParts {
  readonly stage: KeyedStage
  readonly family?: string
  readonly perturbation?: Perturbation['name']
}

/** The code of a stage that is about this backbone, and under this perturbation where it evaluates. */
export function stageCode(stage: KeyedStage, backbone: string, perturbation?: Perturbation['name']): StageCode {
  if (stage === 'prepare-dataset') return stage
  const family = backboneFacts(backbone)?.family ?? backbone
  return perturbation ? `${stage}/${family}/${perturbation}` : `${stage}/${family}`
}

/** The name of the code that an identity is of. */
export function codeOfIdentity({ stage, parameters }: Pick<StageIdentity, 'stage' | 'parameters'>): StageCode {
  const { backbone = '', perturbation } = parameters as {
    readonly backbone?: string
    readonly perturbation?: Pick<Perturbation, 'name'>
  }
  return stageCode(stage, backbone, perturbation?.name)
}

/** Takes the name of a stage's code apart. */
export function stageCodeParts(code: StageCode): StageCodeParts {
  const [stage, family, perturbation] = code.split('/') as [KeyedStage, string?, Perturbation['name']?]
  return { stage, ...(family ? { family } : {}), ...(perturbation ? { perturbation } : {}) }
}

/** The codes of all stages of these configurations under these perturbations, in order of name. */
export function stageCodesOf(
  configurations: readonly Pick<Configuration, 'backbone'>[],
  perturbations: readonly Perturbation[],
): StageCode[] {
  const names = [...new Set(perturbations.map(({ name }) => name))]
  const backbones = [...new Set(configurations.map(({ backbone }) => backbone.id))]
  return [...new Set(backbones.flatMap((backbone) => codesOf(backbone, names)))].sort()
}

function codesOf(backbone: string, names: readonly Perturbation['name'][]): StageCode[] {
  return [
    stageCode('prepare-dataset', backbone),
    stageCode('pretrain-load', backbone),
    stageCode('fine-tune', backbone),
    stageCode('checkpoint', backbone),
    ...names.map((name) => stageCode('perturb-and-evaluate', backbone, name)),
  ]
}

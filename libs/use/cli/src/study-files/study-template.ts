import { quoted } from '../print/quoted.ts'

/** What a new study is to be. */
export interface StudyTemplate {
  readonly name: string
  /** An id of the catalogue, or an own dataset. */
  readonly dataset: string | { readonly id: string; readonly source: string }
  readonly backbones: readonly string[]
  readonly losses: readonly string[]
  readonly budget: Budget
  /** The path of the file, as commands name it. */
  readonly path: string
  /** A sentence on what it costs. */
  readonly cost: string
}

export const budgets = ['minutes', 'hours', 'paper'] as const
export type Budget = (typeof budgets)[number]

/** The settings of each budget that differ from the defaults, which are the paper's. */
const settings: Readonly<Record<Budget, readonly string[]>> = {
  minutes: [
    'protocols: [FFT-3] # every parameter, 3 epochs',
    'inputContract: native # pixels as the checkpoint expects them',
    'resolution: 64',
    'images: { train: 400, validation: 100, test: 100 } # at most',
    'evaluator: { name: apgd-ce, iterations: 20 } # weak: it shows whether a model breaks, not how well it holds',
  ],
  hours: [
    'protocols: [FFT-5]',
    'inputContract: native # pixels as the checkpoint expects them',
    'resolution: 128',
    'images: { test: 500 } # at most',
    'evaluator: apgd-ce+t # the first two attacks of AutoAttack',
  ],
  paper: ['protocols: [FFT-50]', "evaluator: standard # AutoAttack's"],
}

/** Weak training is measured in small balls, in which it shows; the paper's are the default. */
const perturbations: Readonly<Record<Budget, readonly string[]>> = {
  minutes: [
    'perturbations: # in smaller balls than the paper, which such short training does not withstand',
    '  - clean',
    '  - { name: Linf, epsilon: 2/255 }',
    '  - { name: L2, epsilon: 0.5 }',
    '  - { name: L1, epsilon: 8 }',
    '  - common # corruptions',
  ],
  hours: [],
  paper: [],
}

const training: Readonly<Record<Budget, readonly string[]>> = {
  minutes: [
    '  effectiveBatch: 32',
    '  microBatch: 32',
    '  learningRateBackbone: 1e-3',
    '  learningRateHead: 5e-3',
    '  attackIterations: 4 # the paper takes 10',
  ],
  hours: ['  effectiveBatch: 64', '  learningRateBackbone: 5e-4', '  learningRateHead: 5e-3'],
  paper: [],
}

/** A study file that a person can read and change. */
export function studyTemplate({ name, dataset, backbones, losses, budget, path, cost }: StudyTemplate): string {
  const own = typeof dataset === 'string' ? dataset : `{ id: ${dataset.id}, source: ${JSON.stringify(dataset.source)} }`
  const rates = training[budget]
  return [
    `# ${name}: how well do fine-tuned backbones hold on ${typeof dataset === 'string' ? dataset : dataset.id}?`,
    '#',
    `# command:  npx gauntlet run ${quoted(path)}`,
    `# cost:     ${cost}`,
    '# see also: npx gauntlet plan says how long it takes here, npx gauntlet datasets check what is in the data.',
    `name: ${name}`,
    `datasets: [${own}]`,
    `backbones: [${backbones.join(', ')}] # npx gauntlet backbones lists them`,
    `losses: [${losses.join(', ')}] # of standard, Classic AT and TRADES`,
    ...settings[budget],
    ...perturbations[budget],
    ...(rates.length > 0 ? ['hyperparameters:', ...rates] : []),
    '',
  ].join('\n')
}

import { z } from 'zod'
import { architectureNames, backboneIds } from '../catalogue/backbone-catalogue.ts'
import { pixelContractNames } from '../catalogue/backbone-facts.ts'
import { corruptionNames } from '../catalogue/corruption-portfolio.ts'
import { datasetIds } from '../catalogue/dataset-catalogue.ts'
import { ensembleEvaluatorNames } from '../configuration.ts'
import { hyperparametersSchema } from './hyperparameters-schema.ts'
import { oneOrMany, positiveEpsilon, sha256, source } from './schema-parts.ts'
import { annotationFields } from './study-annotations.ts'

/*
 * The study file as its authors write it. The descriptions appear in editors through the JSON Schema. The message of a
 * pattern is a whole sentence, because the pattern itself explains nothing; `schema-problems.ts` has the messages for
 * everything else.
 */

const lossNames = ['standard', 'Classic AT', 'TRADES'] as const
const cellLossNames = [...lossNames, 'none'] as const
export const perturbationNames = ['clean', 'Linf', 'L2', 'L1', 'common'] as const
const evaluatorNames = ['apgd-ce', ...ensembleEvaluatorNames] as const

const ownId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'An id has letters, digits, dots, dashes and underscores, 100 at most.')
const resolution = z.int().min(16).max(1024).describe('Side of the square input in pixels.')
const imageCount = z.union(
  [z.int().min(1).max(100_000_000), z.literal('all')],
  'An image count is all or a whole number above 0.',
)
const images = z
  .strictObject({ train: imageCount.optional(), validation: imageCount.optional(), test: imageCount.optional() })
  .describe('Images taken of each split, stratified by label; `all` takes all.')

const datasetEntry = z.union([
  z.enum(datasetIds),
  z.strictObject({
    id: z.union([z.enum(datasetIds), ownId]),
    source: source.optional(),
    sha256: sha256.optional(),
    classes: z
      .int()
      .min(2)
      .max(100_000)
      .optional()
      .describe('Number of classes; counted in the data where it is left out.'),
    resolution: resolution.optional(),
    images: images.optional(),
    metric: z
      .enum(['accuracy', 'mean-per-class'])
      .optional()
      .describe('mean-per-class: the mean of the classes’ accuracies; accuracy, correct out of total, by default.'),
  }),
])

const inputContract = z
  .enum(['paper', 'native', ...pixelContractNames])
  .describe(
    'How pixels reach the model: paper, as the authors of arXiv 2508.14079 fed them; native, as the published checkpoint expects them; or a normalisation by name.',
  )

/** Names are for completion in editors; `gridOf` refuses unknown ones, since timm's tags make too many for a list. */
const backboneId = z.union([z.enum([...backboneIds, ...architectureNames]), z.string().max(200)])

const backboneEntry = z.union([
  backboneId,
  z.strictObject({
    id: backboneId,
    source: source.optional(),
    sha256: sha256.optional(),
    checkpoints: z
      .array(source)
      .min(1)
      .max(1_000)
      .optional()
      .describe('Checkpoints of this backbone, each a value of the axis, named after its file.'),
    inputContract: inputContract.optional(),
  }),
])

const protocol = z
  .string()
  .regex(
    /^(?:none|(?:FFT|LP)-[1-9]\d{0,4})$/,
    'A protocol is FFT-<epochs> (all parameters), LP-<epochs> (the head alone), such as FFT-50, or none (nothing is trained).',
  )
const seed = z.int().min(0).max(4_294_967_295)

const cellPattern = {
  dataset: oneOrMany(z.string()).optional(),
  backbone: oneOrMany(z.string()).optional(),
  loss: oneOrMany(z.enum(cellLossNames)).optional(),
  protocol: oneOrMany(protocol).optional(),
  seed: oneOrMany(seed).optional(),
}
const where = z
  .strictObject(cellPattern)
  .describe('The cells that match: an axis that is left out matches every value, a list matches any of its items.')

const evaluator = z
  .union([
    z.enum(evaluatorNames),
    z.strictObject({
      name: z.enum(evaluatorNames),
      iterations: z.int().min(1).max(100_000).optional(),
      restarts: z.int().min(1).max(1_000).optional(),
      escalate: z
        .boolean()
        .optional()
        .describe(
          'Whether an ensemble runs further attacks on the images that held, where its flags ask for it; false by default.',
        ),
    }),
  ])
  .describe(
    'The attacks that measure robustness: standard, plus and rand are AutoAttack’s, apgd-ce+t and malt are cheaper; apgd-ce has 100 iterations and 1 restart by default.',
  )

const ballPerturbation = (name: 'Linf' | 'L2' | 'L1', what: string) =>
  z.strictObject({
    name: z.literal(name),
    epsilon: positiveEpsilon.optional().describe(what),
    evaluator: evaluator.optional(),
  })

const perturbation = z.union([
  z.enum(perturbationNames),
  z.discriminatedUnion('name', [
    z.strictObject({ name: z.literal('clean') }),
    ballPerturbation('Linf', 'Largest change of a pixel in [0, 1]; 4/255 by default.'),
    ballPerturbation('L2', 'Euclidean length of the change; 2 by default.'),
    ballPerturbation('L1', 'Sum of the absolute changes; 75 by default.'),
    z.strictObject({
      name: z.literal('common'),
      severity: z.int().min(1).max(5).optional(),
      portfolio: z.array(z.enum(corruptionNames)).min(1).max(100).optional(),
      contract: z
        .enum(['paper', 'native'])
        .optional()
        .describe(
          'paper, the default: images are corrupted at their own size and then squashed to the model’s; native: at the model’s resolution, as in ImageNet-C.',
        ),
      images: z
        .enum(['archived', 'generated'])
        .optional()
        .describe(
          'archived: the dataset’s own corrupted test images; generated: images corrupted here. By default archived where the dataset has images that match the other settings, else generated.',
        ),
    }),
  ]),
])

export const studySchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'A study name has lower-case letters, digits and dashes, 63 at most.')
    .describe('The name of the study in commands.'),
  description: z.string().max(10_000).optional(),
  ...annotationFields,
  datasets: z.array(datasetEntry).min(1).max(1_000),
  backbones: z.array(backboneEntry).min(1).max(1_000),
  losses: z
    .array(z.enum(lossNames))
    .min(1)
    .max(100)
    .optional()
    .describe('The training objectives; left out where nothing is trained.'),
  protocols: z
    .array(protocol)
    .min(1)
    .max(100)
    .describe(
      'FFT-<epochs> trains every parameter, LP-<epochs> the head alone, none evaluates checkpoints as they are.',
    ),
  seeds: z.array(seed).min(1).max(10_000).default([1]),
  include: z
    .array(z.strictObject(cellPattern))
    .max(10_000)
    .optional()
    .describe('Cells in addition to the grid; an axis that is left out has the grid’s values.'),
  exclude: z
    .array(z.strictObject({ where, reason: z.string().min(1).max(500) }))
    .max(10_000)
    .optional()
    .describe('Cells of the grid that are not run, and why; the reason stands in the results.'),
  perturbations: z
    .array(perturbation)
    .min(1)
    .max(100)
    .default([...perturbationNames]),
  evaluator: evaluator.default('standard').describe('The evaluator of Linf, L2 and L1 where they name none.'),
  resolution: resolution.default(224),
  images: images.default({ test: 1_000 }),
  splitSeed: seed
    .default(42)
    .describe('Seed of the splits of a dataset that has none, as scikit-learn’s random_state; subsamples have 0.'),
  inputContract: inputContract.default('paper'),
  hyperparameters: hyperparametersSchema
    .optional()
    .describe('Hyperparameters of all cells; one that is left out has its default.'),
  overrides: z
    .array(z.strictObject({ where, set: hyperparametersSchema }))
    .max(10_000)
    .optional()
    .describe('Hyperparameters of some cells; where two overrides match one cell, the later one wins.'),
})

/** A study file with the schema's defaults filled in. */
export type StudyDocument = z.output<typeof studySchema>
export type CellPattern = z.output<typeof where>
export type EvaluatorEntry = z.output<typeof evaluator>
export type PerturbationEntry = z.output<typeof perturbation>
export type DatasetEntry = z.output<typeof datasetEntry>
export type BackboneEntry = z.output<typeof backboneEntry>
export type ImageCounts = z.output<typeof images>

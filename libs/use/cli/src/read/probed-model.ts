import type { ProbedModel } from '@gauntlet/contract'
import { Option, type Command } from 'commander'
import { resolve } from 'node:path'
import { wholeNumber } from '../parse/whole-number.ts'

/** The options that every probe of a model has, as commander parses them. */
export interface ProbedModelOptions {
  readonly weights: string
  readonly inputs: string
  readonly classes?: number
  readonly contract: ProbedModel['contract']
}

/** Adds to a verb of `probe` the argument and the options that name the model, its weights and its images. */
export function withProbedModel(verb: Command): Command {
  return verb
    .argument('<backbone>', 'name of the backbone, as npx gauntlet backbones lists it')
    .requiredOption(
      '--weights <file>',
      "safetensors file with every tensor of the model, in the reference's names and layouts",
    )
    .requiredOption(
      '--inputs <file>',
      'safetensors file with images, float32 [n, height, width, 3] in [0, 1], and labels, int32 [n]',
    )
    .option(
      '--classes <number>',
      'classes of the head (default: those of the weights)',
      wholeNumber('--classes', 1, 1_000_000),
    )
    .addOption(
      new Option(
        '--contract <name>',
        'normalisation of the images: as in the paper (arXiv 2508.14079), as the checkpoint expects, or none',
      )
        .choices(['paper', 'native', 'none'])
        .default('native'),
    )
}

/** The model that the options name, with absolute paths. */
export function probedModelOf(
  backbone: string,
  { weights, inputs, classes, contract }: ProbedModelOptions,
): ProbedModel {
  return {
    backbone,
    weights: resolve(weights),
    inputs: resolve(inputs),
    classes: classes ?? null,
    contract,
  }
}

import type { ProbedModel } from '@gauntlet/contract'
import { Option, type Command } from 'commander'
import { resolve } from 'node:path'
import { Misuse } from './command-failed.ts'

/** What commander makes of the options that every probe has. */
export interface ProbedModelOptions {
  readonly weights: string
  readonly inputs: string
  readonly classes?: string
  readonly contract: ProbedModel['contract']
}

/** Gives a verb of `probe` the argument and the options that say which model, on what, and where to. */
export function withProbedModel(verb: Command): Command {
  return verb
    .argument('<backbone>', 'its name, as gauntlet backbones lists them')
    .requiredOption(
      '--weights <file>',
      "every tensor of the model under the reference's names and layouts, safetensors",
    )
    .requiredOption(
      '--inputs <file>',
      'images float32 [n, height, width, 3] in [0, 1] and labels int32 [n], safetensors',
    )
    .option('--classes <number>', 'classes of the head (default: as many as the weights have)')
    .addOption(
      new Option(
        '--contract <name>',
        "how images are normalised: as the study's authors did, as the checkpoint expects, or not at all",
      )
        .choices(['paper', 'native', 'none'])
        .default('native'),
    )
}

/** The options as a request; paths become absolute. */
export function probedModelOf(
  backbone: string,
  { weights, inputs, classes, contract }: ProbedModelOptions,
): ProbedModel {
  return {
    backbone,
    weights: resolve(weights),
    inputs: resolve(inputs),
    classes: classes === undefined ? null : parseClasses(classes),
    contract,
  }
}

function parseClasses(text: string): number {
  const classes = Number(text)
  if (!Number.isInteger(classes) || classes < 1 || classes > 1e6)
    throw new Misuse(`--classes is ${JSON.stringify(text)}; give a whole number from 1.`)
  return classes
}

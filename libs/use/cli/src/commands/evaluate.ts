import { writeFileAtomically } from '@gauntlet/files'
import { datasetFacts, outlineStudy, pixelContractNames } from '@gauntlet/study'
import { Option, type Command } from 'commander'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Misuse } from '../command-failed.ts'
import { imageCount, wholeNumber } from '../parse/whole-number.ts'
import { quoted } from '../print/quoted.ts'
import { evaluationStudy, type EvaluationStudy } from '../study-files/evaluation-study.ts'
import { runStudyFile } from './run.ts'

interface EvaluateOptions {
  readonly backbone: string
  readonly data: string
  readonly classes?: number
  readonly contract: string
  readonly resolution?: number
  readonly images?: number | null
  readonly evaluator: string
  readonly metric?: string
  readonly study?: string
  readonly write?: boolean
  readonly json?: boolean
}

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('evaluate checkpoints as they are under the five perturbations: writes the study file and runs it')
    .argument('<checkpoints...>', 'checkpoint files, or folders of them')
    .requiredOption('--backbone <name>', 'name of their backbone, as npx gauntlet backbones lists it')
    .requiredOption('--data <dataset>', 'folder, archive, source such as hf:…, or id of npx gauntlet datasets')
    .option(
      '--classes <number>',
      'number of classes, where the data does not tell',
      wholeNumber('--classes', 1, 1_000_000),
    )
    .addOption(
      new Option('--contract <name>', 'how the checkpoints expect pixels: native is as the published ones do')
        .choices(['native', 'paper', ...pixelContractNames])
        .default('native'),
    )
    .option('--resolution <pixels>', 'side of the square images (default: 224)', wholeNumber('--resolution', 16, 1_024))
    .option('--images <number>', 'most test images, or all (default: 1000)', imageCount('--images', 1))
    .option('--evaluator <name>', 'the attacks: standard is AutoAttack; apgd-ce and malt are cheaper', 'standard')
    .addOption(
      new Option('--metric <name>', 'how correct predictions are counted (default: accuracy)').choices([
        'accuracy',
        'mean-per-class',
      ]),
    )
    .option('--study <file>', 'the study file to write (default: evaluate-<checkpoint>.study.yaml here)')
    .option('--write', 'write the study file only')
    .option('--json', 'print the rows as a JSON array instead of the table')
    .action(async (named: string[], options: EvaluateOptions) => {
      const checkpoints = checkpointFiles(named)
      const file = options.study ?? `evaluate-${plainName(checkpoints[0]!)}.study.yaml`
      const text = evaluationStudy(studyOf(checkpoints, options), file)
      outlineStudy(text, file) // a mistake is told before anything is written
      await writeOnce(file, text)
      console.error(`Wrote ${file}; run it${options.write ? '' : ' again'} with: npx gauntlet run ${quoted(file)}`)
      if (!options.write) await runStudyFile(resolve(file), { json: options.json === true })
    })
}

/** The checkpoint files that are named, and those in the folders that are named, by name. */
function checkpointFiles(named: readonly string[]): string[] {
  const files = named.flatMap((path) => {
    if (!existsSync(path)) throw new Misuse(`There is no checkpoint ${path}; give a file or a folder of them.`)
    if (!statSync(path).isDirectory()) return [path]
    const inside = readdirSync(path).filter((name) => /\.(?:safetensors|pth|pt|ckpt|bin)$/.test(name))
    if (inside.length === 0)
      throw new Misuse(`${path} has no file that ends in .safetensors, .pth, .pt, .ckpt or .bin; name the checkpoints.`)
    return inside.sort().map((name) => join(path, name))
  })
  return [...new Set(files.map((path) => resolve(path)))]
}

function studyOf(checkpoints: readonly string[], options: EvaluateOptions): EvaluationStudy {
  const { backbone, data, classes, contract, resolution, images, evaluator, metric } = options
  const isCatalogued = datasetFacts(data) !== null && !existsSync(data)
  const own = {
    ...(classes === undefined ? {} : { classes }),
    ...(metric === undefined ? {} : { metric }),
  }
  const dataset = isCatalogued ? { id: data, ...own } : { id: plainName(data), source: sourceOf(data), ...own }
  return {
    name: `evaluate-${plainName(checkpoints[0]!)}`.slice(0, 63),
    dataset,
    backbone,
    checkpoints: checkpoints.map((path) => sourceOf(path)),
    inputContract: contract,
    evaluator,
    ...(resolution === undefined ? {} : { resolution }),
    ...(images === undefined ? {} : { testImages: images ?? 'all' }),
  }
}

/** A source as it is written, or `file:` with the whole path of what is there. */
function sourceOf(written: string): string {
  if (/^(?:pypi|npm|file|https?|hf):/.test(written) && !existsSync(written)) return written
  if (!existsSync(written)) throw new Misuse(`There is no ${written}; give a folder, an archive, a source or an id.`)
  return `file:${resolve(written)}`
}

/** The name of a file or a source as a name of a study: lower-case letters, digits and dashes. */
function plainName(path: string): string {
  const plain = basename(path.replace(/\/+$/, ''))
    .replace(/\.(?:safetensors|pth|pt|ckpt|bin|zip|tar|tgz|tar\.\w+)$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return plain || 'own'
}

/** Writes the study file. One that is there is not overwritten, unless it says the same. */
async function writeOnce(file: string, text: string): Promise<void> {
  if (existsSync(file) && readFileSync(file, 'utf8') !== text)
    throw new Misuse(`${file} is there and says something else; name another with --study, or remove it.`)
  await writeFileAtomically(file, text)
}

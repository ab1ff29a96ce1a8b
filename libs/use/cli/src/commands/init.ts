import { placeOf } from '@gauntlet/client'
import { writeFileAtomically } from '@gauntlet/files'
import { configurationCost, datasetFacts, expandStudy, StudyFileInvalid, type Study } from '@gauntlet/study'
import { Option, type Command } from 'commander'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Misuse } from '../command-failed.ts'
import { count } from '../print/count.ts'
import { quoted } from '../print/quoted.ts'
import { readStudyShowingPins } from '../read/read-study.ts'
import { readCommandSettings } from '../settings.ts'
import { budgets, studyTemplate, type Budget, type StudyTemplate } from '../study-files/study-template.ts'
import { idOf, sourceFrom } from './datasets-add.ts'

interface InitOptions {
  readonly data?: string
  readonly backbones?: string
  readonly losses?: string
  readonly budget?: Budget
}

/** What is asked for where a flag is missing, with the answer that Enter gives. */
const questions = {
  data: ['Images: a folder, an archive, or an id of npx gauntlet datasets', 'digits'],
  backbones: ['Backbones, separated by commas', 'tf_efficientnet_lite0.in1k'],
  losses: ['Losses, separated by commas (standard, Classic AT, TRADES)', 'Classic AT'],
  budget: [`Budget (${budgets.join(', ')})`, 'minutes'],
} as const

/** What a flag is where it is missing, for its help. */
function asked(flag: keyof typeof questions): string {
  return `(default: asked for; ${questions[flag][1]} without a terminal)`
}

export function addInit(program: Command): void {
  program
    .command('init')
    .description('write a study file by answers or flags, with what it costs')
    .argument('[file]', 'file to write', 'my.study.yaml')
    .option(
      '--data <dataset>',
      'folder, archive, source such as hf:…, or id of npx gauntlet datasets (default: asked for)',
    )
    .option('--backbones <names>', `names, separated by commas ${asked('backbones')}`)
    .option('--losses <names>', `standard, Classic AT, TRADES, separated by commas ${asked('losses')}`)
    .addOption(
      new Option('--budget <budget>', `how much to spend; paper is as in the paper ${asked('budget')}`).choices(
        budgets,
      ),
    )
    .action(async (file: string, options: InitOptions) => {
      if (existsSync(file)) throw new Misuse(`${file} is there already; name another file.`)
      if (!/\.ya?ml$/.test(file)) throw new Misuse(`${file} is no name of a study file; end it in .study.yaml.`)
      const answers = await answered(options)
      if (!budgets.includes(answers.budget as Budget))
        throw new Misuse(`${JSON.stringify(answers.budget)} is no budget; choose ${budgets.join(', ')}.`)
      const template = {
        name: nameOf(file),
        path: file,
        dataset: datasetIn(answers.data, file),
        backbones: listIn(answers.backbones),
        losses: listIn(answers.losses),
        budget: answers.budget as Budget,
      }
      console.log(await writeStudy(file, template))
    })
}

/**
 * Writes the study, pins it, counts its cost and writes that into it. A study that cannot be read is not left behind.
 */
async function writeStudy(file: string, template: Omit<StudyTemplate, 'cost'>): Promise<string> {
  try {
    await writeFileAtomically(file, studyTemplate({ ...template, cost: 'not counted yet' }))
    const { study } = await readStudyShowingPins(resolve(file), readCommandSettings().cache)
    const cost = await costOf(study, dirname(resolve(file)))
    await writeFileAtomically(file, studyTemplate({ ...template, cost }))
    return `Wrote ${file}: ${count(study.cells.length, 'configuration')} × ${count(study.perturbations.length, 'perturbation')}; ${cost}. Go on with: npx gauntlet run ${quoted(file)}`
  } catch (error) {
    await rm(file, { force: true })
    // Places in the file say nothing, now that it is gone.
    if (error instanceof StudyFileInvalid) throw new Misuse(error.problems.map(({ message }) => message).join('\n'))
    throw error
  }
}

async function costOf(study: Study, folder: string): Promise<string> {
  const { configurations, perturbations } = expandStudy(study)
  const { countSplits } = await import('@gauntlet/datasets/inspection') // loads decoders
  let total: number | null = 0
  for (const configuration of configurations) {
    const { dataset } = configuration
    const place = placeOf(dataset.source, folder)
    const isLocal = place.startsWith('file:/') && datasetFacts(dataset.id)?.source !== dataset.source
    const sizes = isLocal ? await countSplits(place.slice('file:'.length), dataset) : undefined
    const cost = configurationCost(configuration, perturbations, sizes)
    total = total === null || cost === null ? null : total + cost
  }
  return total === null
    ? 'forward-equivalents are known once the data is prepared'
    : `${total.toLocaleString('en')} forward-equivalents at most, at ${configurations[0]!.dataset.resolution} px`
}

async function answered(options: InitOptions): Promise<Record<keyof typeof questions, string>> {
  const missing = (Object.keys(questions) as (keyof typeof questions)[]).filter((key) => options[key] === undefined)
  const found: Record<string, string> = { ...options }
  if (missing.includes('data') && !process.stdin.isTTY)
    throw new Misuse('There is no terminal to ask on; give at least --data.')
  const terminal = process.stdin.isTTY ? createInterface({ input: process.stdin, output: process.stderr }) : null
  for (const key of missing) {
    const [question, usual] = questions[key]
    found[key] = (await terminal?.question(`${question} [${usual}]: `))?.trim() || usual
  }
  terminal?.close()
  return found as Record<keyof typeof questions, string>
}

function datasetIn(data: string, file: string): StudyTemplate['dataset'] {
  return datasetFacts(data) && !existsSync(data) ? data : { id: idOf(resolve(data)), source: sourceFrom(data, file) }
}

function listIn(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function nameOf(file: string): string {
  const plain = basename(file)
    .replace(/(?:\.study)?\.ya?ml$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
  return plain.replace(/^-+/, '').slice(0, 63) || 'study'
}

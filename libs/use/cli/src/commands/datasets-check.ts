import type { Command } from 'commander'
import { CommandFailed, Misuse } from '../command-failed.ts'
import { renderReport } from '../print/dataset-report.ts'
import { parseSeed } from '../parse/parse-seed.ts'
import { locateDataset } from '../read/locate-dataset.ts'
import { progressLine } from '../print/progress-line.ts'
import { readCommandSettings } from '../settings.ts'
import { idOf } from './datasets-add.ts'

interface CheckOptions {
  readonly train: string
  readonly validation: string
  readonly test: string
  readonly splitSeed: string
  readonly json?: boolean
}

export function addDatasetsCheck(datasets: Command): void {
  datasets
    .command('check')
    .description(
      'say what a study would get: counts per class and split, sizes, what was passed over and why, leaks between splits',
    )
    .argument('<dataset>', 'path of a folder or archive, a source such as hf:… or https:…, or an id of the catalogue')
    .option('--train <count>', 'images of train, as in a study', 'all')
    .option('--validation <count>', 'images of validation', 'all')
    .option('--test <count>', 'images of test', '1000')
    .option('--split-seed <seed>', 'seed of splits that are drawn', '42')
    .option('--json', 'print JSON')
    .action(async (named: string, options: CheckOptions) => {
      const { path, classes } = await locateDataset(named, readCommandSettings().cache)
      const { inspectDataset } = await import('@gauntlet/datasets/inspection') // loads decoders
      const line = progressLine()
      const report = await inspectDataset(
        path,
        {
          id: idOf(named),
          splitSeed: parseSeed(options.splitSeed, '--split-seed'),
          trainImages: countIn('train', options.train),
          validationImages: countIn('validation', options.validation),
          testImages: countIn('test', options.test),
          ...(classes === undefined ? {} : { classes }),
        },
        (done, total) => line.show(`decoding ${done} of ${total} images`),
      ).finally(() => line.end())
      console.log(options.json ? JSON.stringify(report, null, 2) : renderReport(idOf(named), report))
      if (report.unreadable.length > 0)
        throw new CommandFailed(
          `${report.unreadable.length} images cannot be read; replace or remove them before a study uses ${named}.`,
        )
    })
}

function countIn(split: string, text: string): number | null {
  if (text === 'all') return null
  if (!/^\d{1,9}$/.test(text)) throw new Misuse(`--${split} is ${JSON.stringify(text)}; give a whole number or all.`)
  return Number(text)
}

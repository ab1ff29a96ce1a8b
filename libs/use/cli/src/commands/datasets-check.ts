import type { Command } from 'commander'
import { CommandFailed } from '../command-failed.ts'
import { renderReport } from '../print/dataset-report.ts'
import { imageCount, seed } from '../parse/whole-number.ts'
import { locateDataset } from '../read/locate-dataset.ts'
import { progressLine } from '../print/progress-line.ts'
import { readCommandSettings } from '../settings.ts'
import { idOf } from './datasets-add.ts'
import { count } from '../print/count.ts'

interface CheckOptions {
  readonly train: number | null
  readonly validation: number | null
  readonly test: number | null
  readonly splitSeed: number
  readonly json?: boolean
}

export function addDatasetsCheck(datasets: Command): void {
  datasets
    .command('check')
    .description(
      'say what a study would get: counts per class and split, sizes, what was passed over and why, leaks between splits',
    )
    .argument('<dataset>', 'path of a folder or archive, a source such as hf:… or https:…, or an id of the catalogue')
    .option('--train <count>', 'most images of train, or all (default: all)', imageCount('--train', 0), null)
    .option(
      '--validation <count>',
      'most images of validation, or all (default: all)',
      imageCount('--validation', 0),
      null,
    )
    .option('--test <count>', 'most images of test, or all', imageCount('--test', 0), 1_000)
    .option('--split-seed <seed>', 'seed of splits that are drawn', seed('--split-seed'), 42)
    .option('--json', 'print JSON')
    .action(async (named: string, options: CheckOptions) => {
      const { path, classes } = await locateDataset(named, readCommandSettings().cache)
      const { inspectDataset } = await import('@gauntlet/datasets/inspection') // loads decoders
      const line = progressLine()
      const report = await inspectDataset(
        path,
        {
          id: idOf(named),
          splitSeed: options.splitSeed,
          trainImages: options.train,
          validationImages: options.validation,
          testImages: options.test,
          ...(classes === undefined ? {} : { classes }),
        },
        (done, total) => line.show(`decoding ${done} of ${total} images`),
      ).finally(() => line.end())
      console.log(options.json ? JSON.stringify(report, null, 2) : renderReport(idOf(named), report))
      if (report.unreadable.length > 0)
        throw new CommandFailed(
          `${count(report.unreadable.length, 'image')} cannot be read; replace or remove what is listed before a study uses ${named}.`,
        )
    })
}

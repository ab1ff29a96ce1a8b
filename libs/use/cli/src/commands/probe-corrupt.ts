import { corruptionNames } from '@gauntlet/study'
import { Option, type Command } from 'commander'
import { resolve } from 'node:path'
import { seed } from '../parse/whole-number.ts'
import { requireOtherFile } from '../read/require-file.ts'
import { runProbe } from '../device/run-probe.ts'

interface CorruptOptions {
  readonly inputs: string
  readonly out: string
  readonly corruption: string
  readonly severity: string
  readonly seed: number
}

export function addProbeCorrupt(probe: Command): void {
  probe
    .command('corrupt')
    .description(
      'write the images under one corruption, in the shape of the inputs, with values in whole levels of 1/255',
    )
    .requiredOption('--inputs <file>', 'safetensors file with images, float32 [n, height, width, 3] in [0, 1]')
    .addOption(
      new Option('--corruption <name>', 'name of the corruption').choices(corruptionNames).makeOptionMandatory(),
    )
    .addOption(
      new Option('--severity <number>', 'severity of the corruption')
        .choices(['1', '2', '3', '4', '5'])
        .makeOptionMandatory(),
    )
    .option('--seed <number>', 'seed of the random corruptions, which differ from image to image', seed('--seed'), 1)
    .requiredOption('--out <file>', 'safetensors file for the result')
    .action(async ({ inputs, out, corruption, severity, ...drawn }: CorruptOptions) => {
      const paths = { inputs: resolve(inputs), out: resolve(out) }
      await requireOtherFile(out, [inputs])
      console.log(await runProbe({ verb: 'corrupt', ...paths, corruption, severity: Number(severity), ...drawn }))
    })
}

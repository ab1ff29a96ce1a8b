import { corruptionNames } from '@gauntlet/study'
import { Option, type Command } from 'commander'
import { resolve } from 'node:path'
import { parseSeed } from '../parse-seed.ts'
import { runProbe } from '../run-probe.ts'

interface CorruptOptions {
  readonly inputs: string
  readonly out: string
  readonly corruption: string
  readonly severity: string
  readonly seed: string
}

export function addProbeCorrupt(probe: Command): void {
  probe
    .command('corrupt')
    .description('writes images under one corruption in the shape of the inputs, every value a whole level / 255')
    .requiredOption('--inputs <file>', 'images float32 [n, height, width, 3] in [0, 1], safetensors')
    .addOption(new Option('--corruption <name>', 'which').choices(corruptionNames).makeOptionMandatory())
    .addOption(new Option('--severity <number>', 'how strong').choices(['1', '2', '3', '4', '5']).makeOptionMandatory())
    .option('--seed <number>', 'of the random corruptions; each image also has draws of its own', '1')
    .requiredOption('--out <file>', 'where to write the result, safetensors')
    .action(async ({ inputs, out, corruption, severity, seed }: CorruptOptions) => {
      const paths = { inputs: resolve(inputs), out: resolve(out) }
      console.log(
        await runProbe({ verb: 'corrupt', ...paths, corruption, severity: Number(severity), seed: parseSeed(seed) }),
      )
    })
}

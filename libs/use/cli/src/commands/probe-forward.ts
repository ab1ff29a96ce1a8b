import type { Command } from 'commander'
import { resolve } from 'node:path'
import { probedModelOf, withProbedModel, type ProbedModelOptions } from '../probed-model.ts'
import { runProbe } from '../run-probe.ts'

export function addProbeForward(probe: Command): void {
  withProbedModel(probe.command('forward'))
    .description(
      'writes logits [n, classes], and with --gradients input_gradient, of the mean cross-entropy, in the shape of the images',
    )
    .requiredOption('--out <file>', 'where to write the result, safetensors')
    .option('--gradients', 'also the gradient of the mean cross-entropy by the pixels')
    .action(async (backbone: string, options: ProbedModelOptions & { out: string; gradients?: boolean }) => {
      const model = probedModelOf(backbone, options)
      console.log(
        await runProbe({ verb: 'forward', ...model, out: resolve(options.out), gradients: options.gradients === true }),
      )
    })
}

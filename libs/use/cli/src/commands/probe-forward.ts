import type { Command } from 'commander'
import { resolve } from 'node:path'
import { probedModelOf, withProbedModel, type ProbedModelOptions } from '../read/probed-model.ts'
import { requireOtherFile } from '../read/require-file.ts'
import { runProbe } from '../device/run-probe.ts'

export function addProbeForward(probe: Command): void {
  withProbedModel(probe.command('forward'))
    .description('write logits [n, classes] and, with --gradients, input_gradient in the shape of the images')
    .requiredOption('--out <file>', 'safetensors file for the result')
    .option('--gradients', 'also write the gradient of the mean cross-entropy with respect to the pixels')
    .action(async (backbone: string, options: ProbedModelOptions & { out: string; gradients?: boolean }) => {
      const model = probedModelOf(backbone, options)
      await requireOtherFile(options.out, [model.weights, model.inputs])
      console.log(
        await runProbe({ verb: 'forward', ...model, out: resolve(options.out), gradients: options.gradients === true }),
      )
    })
}

import type { AttackProbe, AttackReport } from '@gauntlet/contract'
import { ensembleEvaluatorNames } from '@gauntlet/study'
import { Option, type Command } from 'commander'
import { resolve } from 'node:path'
import { Misuse } from '../command-failed.ts'
import { parseEpsilon } from '../parse/parse-epsilon.ts'
import { seed } from '../parse/whole-number.ts'
import { probedModelOf, withProbedModel, type ProbedModelOptions } from '../read/probed-model.ts'
import { requireOtherFile } from '../read/require-file.ts'
import { runProbe } from '../device/run-probe.ts'

interface AttackOptions extends ProbedModelOptions {
  readonly norm: string
  readonly epsilon: string
  readonly evaluator: AttackProbe['evaluator']
  readonly escalate?: boolean
  readonly seed: number
  readonly out?: string
  readonly sheet?: string
  readonly json?: boolean
}

const norms: Readonly<Record<string, AttackProbe['norm']>> = { linf: 'Linf', l2: 'L2', l1: 'L1' }
const evaluators = ['apgd-ce', ...ensembleEvaluatorNames]

export function addProbeAttack(probe: Command): void {
  withProbedModel(probe.command('attack'))
    .description('report which images hold against an evaluator, and which attack felled the others')
    .addOption(new Option('--norm <name>', 'norm of the ball').choices(Object.keys(norms)).makeOptionMandatory())
    .requiredOption(
      '--epsilon <number>',
      'radius of the ball in units of the [0, 1] pixel range, such as 0.0157 or 4/255',
    )
    .addOption(new Option('--evaluator <name>', 'the attacks to run').choices(evaluators).default('standard'))
    .option('--escalate', "run further attacks on the images that held, where the evaluation's flags ask for it")
    .option('--seed <number>', 'seed of the random starts, which differ from image to image', seed('--seed'), 1)
    .option(
      '--out <file>',
      'safetensors file for the images, each replaced by its adversarial example where one was found',
    )
    .option(
      '--sheet <file>',
      'PNG file for a picture of clean, attacked and corrupted images with the classes that the model predicts',
    )
    .option('--json', 'print the verdicts as a JSON object')
    .action(async (backbone: string, options: AttackOptions) => {
      const { norm, epsilon, evaluator, escalate = false, out, sheet, json } = options
      if (escalate && evaluator === 'apgd-ce')
        throw new Misuse(
          "The evaluator 'apgd-ce' does not escalate; leave --escalate out, or name an ensemble such as standard.",
        )
      const model = probedModelOf(backbone, options)
      const paths = {
        out: out === undefined ? null : resolve(out),
        sheet: sheet === undefined ? null : resolve(sheet),
      }
      for (const written of [out, sheet])
        if (written !== undefined) await requireOtherFile(written, [model.weights, model.inputs])
      if (paths.out !== null && paths.out === paths.sheet)
        throw new Misuse(`--out and --sheet both name ${paths.out}; name two files.`)
      const attack = { norm: norms[norm]!, epsilon: parseEpsilon(epsilon), evaluator, escalate, seed: options.seed }
      const report = await runProbe({ verb: 'attack', ...model, ...paths, ...attack })
      console.log(json ? report : attackSummary(JSON.parse(report) as AttackReport))
    })
}

function attackSummary({
  n,
  clean_correct: clean,
  robust,
  flags,
  forwards,
  backwards,
  escalation,
}: AttackReport): string {
  const count = (values: readonly boolean[]) => values.filter(Boolean).length
  const doubts = flags.map(({ name, policy }) => ` · ${name} (${policy})`).join('')
  const further = escalation ? ` · escalated: ${escalation.felled} of ${escalation.attacked} that had held fell` : ''
  return `${count(robust)} of ${n} images hold, ${count(clean)} are right unperturbed · ${forwards} forward and ${backwards} backward passes${further}${doubts}`
}

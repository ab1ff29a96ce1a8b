import type { Ball } from '@gauntlet/attacks'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pythonWithTorch } from '../../python-environment.ts'
import { answersOf } from './child.ts'
import { writeInputs } from './inputs.ts'
import { models, weightsFile, type ModelName } from './models.ts'
import { networks } from './networks.ts'
import { parseOptions, type Options } from './options.ts'
import { report } from './report.ts'
import { requireSameModel } from './same-model.ts'
import type { AttackTime, CleanLogits, Task } from './task.ts'
import { tierReport, tiers } from './tiers.ts'

/** Number of images on which the sides' logits are compared before they are timed. */
const comparedImages = 64

const beside = (name: string) => join(import.meta.dirname, name)

/**
 * Times AutoAttack `standard` attack by attack, by Gauntlet and by the reference on PyTorch. Both sides have the same
 * model, digits, threads and batch; they run one after the other, once their clean logits have been found the same. A
 * CNN, a ViT and the quickstart's EfficientNet-Lite0 were trained to hold (25 to 50 % in the balls). The plain models
 * were not, and are attacked at radii at which no image holds. `--tiers` compares instead the cheaper ensembles with
 * `standard`, by Gauntlet alone. Lite0 is trained at its first use, in minutes.
 *
 *     git clone https://github.com/fra31/auto-attack && git -C auto-attack checkout a3922004
 *     npm run bench -- attack --reference auto-attack                           all norms, 1,000 digits: hours
 *     npm run bench -- attack --reference auto-attack --images 200 --norms Linf --models lite0,lite0-plain --threads 1
 *     npm run bench -- attack --reference auto-attack --models lite0 --layout channels_last    PyTorch's faster layout
 *     npm run bench -- attack --tiers --images 1000 --models robust,vit,plain
 */
export async function attackBenchmark(given: string[]): Promise<void> {
  const options = parseOptions(given)
  const python = pythonWithTorch(cacheFolder())
  const { threads, images } = options
  console.log(
    `${images} digits, ${threads} threads a side; ${cpus().length} cores of ${cpus()[0]!.model.trim()}, load ${loadavg()[0]!.toFixed(1)} before`,
  )
  for (const model of options.models) {
    const weights = await weightsFile(model, python)
    for (const norm of options.norms) await printTable(model, norm, { ...options, weights, python })
  }
}

/** The options, the file of this model's weights, and the Python program. */
interface Setting extends Options {
  readonly weights: string
  readonly python: string
}

/** Prints one table. The images are written for it and removed again. */
async function printTable(model: ModelName, norm: Ball['norm'], setting: Setting): Promise<void> {
  const { network, epsilons } = models[model]
  const { images, weights, batch, threads, layout } = setting
  const { shape, reference } = networks[network]
  const epsilon = epsilons[norm]
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-benchmark-'))
  const inputs = join(folder, 'inputs.safetensors')
  try {
    writeInputs(inputs, images, shape)
    const task = {
      network,
      reference,
      norm,
      epsilon,
      inputs,
      images,
      weights,
      batch,
      threads,
      layout,
      ensemble: 'standard',
    } as const
    const title = `${model}, ${norm} ${Number(epsilon.toPrecision(3))}${layout === 'contiguous' ? '' : `, PyTorch ${layout}`}`
    console.log(await (setting.tiers ? tiersOf(title, task) : comparison(title, task, setting)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function comparison(title: string, task: Task, { python, reference }: Setting): Promise<string> {
  const [ours, theirs] = [gauntletSide(task), [python, beside('pytorch_side.py'), JSON.stringify(task)]]
  if (!reference) return report(title, task.images, await timesOf(ours, task, title), [])
  const compared = ['--logits', String(comparedImages)]
  const [found] = await answersOf<CleanLogits>([...ours, ...compared], task)
  const [expected] = await answersOf<CleanLogits>([...theirs, ...compared], task)
  requireSameModel(title, found!, expected!)
  const times = await timesOf(ours, task, title)
  return report(
    title,
    task.images,
    times,
    await timesOf([...theirs, '--reference', reference], task, `${title}, reference`),
  )
}

async function tiersOf(title: string, task: Task): Promise<string> {
  const found = []
  for (const ensemble of tiers)
    found.push({ ensemble, times: await timesOf(gauntletSide({ ...task, ensemble }), task, `${title}, ${ensemble}`) })
  return tierReport(title, task.images, found)
}

/** The times of each attack, which are also printed as they come, since the whole takes minutes to hours. */
function timesOf(command: readonly string[], task: Task, title: string): Promise<AttackTime[]> {
  return answersOf<AttackTime>(command, task, ({ attack, seconds, held }) =>
    console.error(`${title}: ${attack} took ${seconds.toFixed(1)} s, ${held} hold`),
  )
}

function gauntletSide(task: Task): string[] {
  return [process.execPath, '--import', 'tsx', beside('gauntlet-side.ts'), JSON.stringify(task)]
}

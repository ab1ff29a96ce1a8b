import type { Ball } from '@gauntlet/attacks'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pythonWithTorch } from '../../python-environment.ts'
import { answersOf, SteppedProgram } from './child.ts'
import { writeInputs } from './inputs.ts'
import { models, weightsFile, type ModelName } from './models.ts'
import { networks } from './networks.ts'
import { parseOptions, type Options } from './options.ts'
import { report, type SideTimes } from './report.ts'
import { requireSameModel } from './same-model.ts'
import { layouts, type AttackTime, type CleanLogits, type Layout, type LayoutTimes, type Task } from './task.ts'
import { tierReport, tiers } from './tiers.ts'

/** Number of images on which the sides' logits are compared before they are timed. */
const comparedImages = 64

const beside = (name: string) => join(import.meta.dirname, name)

/**
 * Times AutoAttack `standard` attack by attack, by Gauntlet and by the reference on PyTorch, in the layout in which
 * that is faster. Both sides have the same model, digits, threads and batch; they take turns with each attack, once
 * their clean logits have been found the same. A CNN, a ViT, the quickstart's EfficientNet-Lite0 and timm's regnetx_004
 * were trained to hold (25 to 50 % in the balls). The plain models were not, and are attacked at radii at which no
 * image holds. With `--second-seed` the reference runs again with other noise, to see how far it agrees with itself.
 * `--tiers` compares instead the cheaper ensembles with `standard`, by Gauntlet alone. The backbones are trained at
 * their first use, in minutes.
 *
 *     git clone https://github.com/fra31/auto-attack && git -C auto-attack checkout a3922004
 *     npm run bench -- attack --reference auto-attack                           all norms, 1,000 digits: hours
 *     npm run bench -- attack --reference auto-attack --images 200 --norms Linf --models lite0,lite0-plain --threads 1
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
      seed: 0,
      ensemble: 'standard',
    } as const
    const title = `${model}, ${norm} ${Number(epsilon.toPrecision(3))}`
    console.log(await (setting.tiers ? tiersOf(title, task) : comparison(title, task, setting)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function comparison(title: string, task: Task, setting: Setting): Promise<string> {
  const { reference } = setting
  const ours = gauntletSide(task)
  if (!reference) return report(title, task.images, { gauntlet: await timesOf(ours, task, title) })
  const compared = ['--logits', String(comparedImages)]
  const theirs = pytorchSide(task, setting)
  const [found] = await answersOf<CleanLogits>([...ours, ...compared], task)
  const [expected] = await answersOf<CleanLogits>([...theirs, ...compared], task)
  requireSameModel(title, found!, expected!)
  const layout = task.layout ?? (await fastestLayout([...theirs, '--layouts'], task))
  const sides: Readonly<Partial<Record<keyof SideTimes, readonly string[]>>> = {
    gauntlet: ours,
    reference: [...pytorchSide({ ...task, layout }, setting), '--reference', reference],
    ...(setting.secondSeed
      ? { again: [...pytorchSide({ ...task, layout, seed: 1 }, setting), '--reference', reference] }
      : {}),
  }
  return report(`${title}, PyTorch ${layout}`, task.images, await timesByTurns(sides, task, title))
}

/** The layout in which PyTorch takes a gradient and a forward pass in the least time together. */
async function fastestLayout(command: readonly string[], task: Task): Promise<Layout> {
  const [times] = await answersOf<LayoutTimes>(command, task)
  const timeOf = (layout: Layout) => times![layout].gradient + times![layout].forward
  return layouts.reduce((fastest, layout) => (timeOf(layout) < timeOf(fastest) ? layout : fastest))
}

/** Runs the sides attack by attack, by turns. */
async function timesByTurns<Side extends string>(
  commands: Readonly<Partial<Record<Side, readonly string[]>>>,
  task: Task,
  title: string,
): Promise<Record<Side, AttackTime[]>> {
  const sides = Object.entries(commands) as [Side, readonly string[]][]
  const programs = sides.map(([side, command]) => ({ side, program: new SteppedProgram<AttackTime>(command, task) }))
  const times = Object.fromEntries(sides.map(([side]) => [side, []])) as unknown as Record<Side, AttackTime[]>
  let going = programs
  try {
    for (const { program } of programs) await program.ready() // else one would load beside another's first attack
    while (going.length > 0) {
      const next = []
      for (const one of going) {
        const time = await one.program.step()
        if (!time) continue
        printTime(`${title}, ${one.side}`, time)
        times[one.side].push(time)
        next.push(one)
      }
      going = next
    }
    return times
  } finally {
    for (const { program } of programs) program.stop()
  }
}

async function tiersOf(title: string, task: Task): Promise<string> {
  const found = []
  for (const ensemble of tiers)
    found.push({ ensemble, times: await timesOf(gauntletSide({ ...task, ensemble }), task, `${title}, ${ensemble}`) })
  return tierReport(title, task.images, found)
}

/** The times of each attack by Gauntlet alone. */
async function timesOf(command: readonly string[], task: Task, title: string): Promise<AttackTime[]> {
  return (await timesByTurns({ gauntlet: command }, task, title)).gauntlet
}

/** Times are printed as they come, since the whole takes minutes to hours. */
function printTime(title: string, { attack, seconds, held }: AttackTime): void {
  console.error(`${title}: ${attack} took ${seconds.toFixed(1)} s, ${held.length} hold`)
}

function gauntletSide(task: Task): string[] {
  return [process.execPath, '--import', 'tsx', beside('gauntlet-side.ts'), JSON.stringify(task)]
}

function pytorchSide(task: Task, { python }: Setting): string[] {
  return [python, beside('pytorch_side.py'), JSON.stringify(task)]
}

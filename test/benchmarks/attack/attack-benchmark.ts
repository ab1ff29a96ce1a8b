import { deviceVariables } from '@gauntlet/engine/device-variables'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { cpus, homedir, loadavg } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { norms, robustModels } from '../../parity/attacks/digit-models.ts'
import { pythonWithTorch } from '../engine/python-environment.ts'
import { report } from './report.ts'
import type { AttackTime, Task } from './task.ts'
import { tierReport, tiers } from './tiers.ts'

/** The benchmark lacks something; the message says what to give. */
class AttackBenchmarkInvalid extends Error {
  override readonly name = 'AttackBenchmarkInvalid'
}

const cacheFolder = process.env['GAUNTLET_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gauntlet')
const beside = (name: string) => join(import.meta.dirname, name)

/**
 * AutoAttack `standard` whole, attack by attack, by Gauntlet and by the reference on PyTorch: same model, digits, threads and batch, the sides one after the other. A
 * CNN and a ViT were trained to hold (some 40 % in the Linf ball), the plain CNN was not, and is attacked so that it holds nowhere. With `--tiers` instead the cheaper ensembles against `standard`, by Gauntlet alone.
 *
 *     git clone https://github.com/fra31/auto-attack && git -C auto-attack checkout a3922004
 *     npm run bench -- attack --reference auto-attack                           all norms, 1,000 digits: hours
 *     npm run bench -- attack --reference auto-attack --images 100 --norms Linf --models robust --threads 1 --batch 100
 *     npm run bench -- attack --tiers --images 1000 --models robust,vit,plain
 */
export async function attackBenchmark(given: string[]): Promise<void> {
  const options = parsed(given)
  const python = pythonWithTorch(cacheFolder)
  const { threads, images } = options
  console.log(
    `${images} digits, ${threads} threads a side; ${cpus().length} cores of ${cpus()[0]!.model.trim()}, load ${loadavg()[0]!.toFixed(1)} before`,
  )
  for (const model of options.models) {
    const weights = await weightsOf(model, python)
    for (const norm of options.norms) {
      const { architecture, epsilons } = models[model]
      const task = { model: architecture, norm, epsilon: epsilons[norm], images, weights, batch: options.batch, threads }
      const title = `${model}, ${norm} ${task.epsilon}`
      if (options.tiers) console.log(await tiersOf(title, task))
      else console.log(await comparison(title, { ...task, ensemble: 'standard' }, python, options.reference))
    }
  }
}

async function comparison(title: string, task: Task, python: string, reference: string | undefined): Promise<string> {
  const ours = await gauntletTimes(task)
  const theirs = [python, beside('pytorch_side.py'), JSON.stringify(task)]
  return report(title, task.images, ours, reference ? await timesOf([...theirs, '--reference', reference], task) : [])
}

async function tiersOf(title: string, task: Omit<Task, 'ensemble'>): Promise<string> {
  const found = []
  for (const ensemble of tiers) found.push({ ensemble, times: await gauntletTimes({ ...task, ensemble }) })
  return tierReport(title, task.images, found)
}

function gauntletTimes(task: Task): Promise<AttackTime[]> {
  return timesOf([process.execPath, '--import', 'tsx', beside('gauntlet-side.ts'), JSON.stringify(task)], task)
}

const { cnn, vit } = robustModels
const models = {
  robust: { architecture: 'cnn', ...cnn },
  vit: { architecture: 'vit', ...vit },
  plain: { architecture: 'cnn', weights: cnn.weights, epsilons: { Linf: 0.3, L2: 4, L1: 40 } },
} as const
type Model = keyof typeof models

function parsed(given: string[]) {
  const { values } = parseArgs({
    args: given,
    options: {
      reference: { type: 'string' },
      'without-reference': { type: 'boolean', default: false },
      tiers: { type: 'boolean', default: false },
      images: { type: 'string', default: '1000' },
      norms: { type: 'string', default: 'Linf,L2,L1' },
      models: { type: 'string', default: 'robust,vit,plain' },
      threads: { type: 'string', default: '2' },
      batch: { type: 'string', default: '500' },
    },
  })
  if (!values.reference && !values['without-reference'] && !values.tiers) {
    throw new AttackBenchmarkInvalid(
      'Give --reference, a checkout of github.com/fra31/auto-attack at a3922004, or --without-reference, or --tiers.',
    )
  }
  return {
    reference: values.reference,
    tiers: values.tiers,
    images: wholeNumber('images', values.images, 1000),
    norms: chosen('norms', values.norms, norms),
    models: chosen('models', values.models, Object.keys(models) as Model[]),
    threads: wholeNumber('threads', values.threads),
    batch: wholeNumber('batch', values.batch),
  }
}

function wholeNumber(option: string, value: string, most = Infinity): number {
  const number = Number(value)
  if (Number.isInteger(number) && number > 0 && number <= most) return number
  throw new AttackBenchmarkInvalid(`--${option} is ${JSON.stringify(value)}; give a whole number from 1 to ${most}.`)
}

function chosen<Name extends string>(option: string, value: string, known: readonly Name[]): Name[] {
  const unknown = value.split(',').find((name) => !(known as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new AttackBenchmarkInvalid(`--${option} has no ${JSON.stringify(unknown)}; choose from ${known.join(',')}.`)
  return known.filter((name) => value.split(',').includes(name))
}

/** The robust ones lie with the parity tests; the other one is trained once, in some seconds. */
async function weightsOf(model: Model, python: string): Promise<string> {
  if (model !== 'plain') return fileURLToPath(models[model].weights)
  const folder = join(cacheFolder, 'benchmarks', 'attack')
  const file = join(folder, 'plain_digits.safetensors')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(file)) await linesOf([python, beside('pytorch_side.py'), '--train', file], 1)
  return file
}

async function timesOf(command: readonly string[], { threads }: Task): Promise<AttackTime[]> {
  return (await linesOf(command, threads)).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as AttackTime)
}

async function linesOf([program, ...words]: readonly string[], threads: number): Promise<string[]> {
  const env = { ...process.env, ...deviceVariables({ threads }) }
  const child = spawn(program!, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) lines.push(line)
  const code = await ended
  if (code !== 0) throw new AttackBenchmarkInvalid(`\`${program} ${words.join(' ')}\` ended with ${code}; its words are above.`)
  return lines
}

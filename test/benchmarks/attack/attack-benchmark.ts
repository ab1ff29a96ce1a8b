import type { Ball } from '@gauntlet/attacks'
import { deviceVariables } from '@gauntlet/engine/device-variables'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { cpus, homedir, loadavg } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pythonWithTorch } from '../engine/python-environment.ts'
import { report } from './report.ts'
import { epsilons, type AttackTime, type Task } from './task.ts'

/** The benchmark lacks something; the message says what to give. */
class AttackBenchmarkInvalid extends Error {
  override readonly name = 'AttackBenchmarkInvalid'
}

const cacheFolder = process.env['GAUNTLET_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gauntlet')
const beside = (name: string) => join(import.meta.dirname, name)

/**
 * AutoAttack `standard` whole, attack by attack, by Gauntlet and by the reference on PyTorch: same CNN, digits, threads and batch, the sides one after the other. The
 * one CNN was trained to hold (some 40 % at Linf 0.2), the other one not.
 *
 *     git clone https://github.com/fra31/auto-attack && git -C auto-attack checkout a3922004
 *     npm run bench -- attack --reference auto-attack                           all norms, 1,000 digits: hours
 *     npm run bench -- attack --reference auto-attack --images 100 --norms Linf --models robust --threads 1 --batch 100
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
      const task: Task = { norm, epsilon: epsilons[norm], images, weights, batch: options.batch, threads }
      const gauntlet = await timesOf(
        [process.execPath, '--import', 'tsx', beside('gauntlet-side.ts'), JSON.stringify(task)],
        task,
      )
      const reference = options.reference
        ? await timesOf([python, beside('pytorch_side.py'), JSON.stringify(task), '--reference', options.reference], task)
        : []
      console.log(report(`${model} CNN, ${norm} ${task.epsilon}`, images, gauntlet, reference))
    }
  }
}

const models = ['robust', 'plain'] as const
type Model = (typeof models)[number]

function parsed(given: string[]) {
  const { values } = parseArgs({
    args: given,
    options: {
      reference: { type: 'string' },
      'without-reference': { type: 'boolean', default: false },
      images: { type: 'string', default: '1000' },
      norms: { type: 'string', default: 'Linf,L2,L1' },
      models: { type: 'string', default: 'robust,plain' },
      threads: { type: 'string', default: '2' },
      batch: { type: 'string', default: '500' },
    },
  })
  if (!values.reference && !values['without-reference']) {
    throw new AttackBenchmarkInvalid(
      'Give --reference, a checkout of github.com/fra31/auto-attack at a3922004, or --without-reference.',
    )
  }
  return {
    reference: values.reference,
    images: wholeNumber('images', values.images, 1000),
    norms: chosen('norms', values.norms, Object.keys(epsilons) as Ball['norm'][]),
    models: chosen<Model>('models', values.models, models),
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

/** The robust CNN lies with the parity tests; the other one is trained once, in some seconds. */
async function weightsOf(model: Model, python: string): Promise<string> {
  if (model === 'robust') return fileURLToPath(new URL('../../parity/attacks/robust_digits.safetensors', import.meta.url))
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

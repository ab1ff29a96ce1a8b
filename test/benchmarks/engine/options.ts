import { parseArgs } from 'node:util'
import { backboneFor, implementedBackbones } from '@gauntlet/backbones'
import { representatives } from './representatives.ts'
import type { Work } from './side.ts'
import { sideNames, type SideName } from './sides.ts'

/** An option has a value that the benchmark does not know. The message lists the known ones. */
class OptionInvalid extends Error {
  override readonly name = 'OptionInvalid'
}

/** What to compare, and how. */
export interface EngineOptions {
  readonly backbones: readonly string[]
  readonly works: readonly Work[]
  readonly sides: readonly SideName[]
  readonly batch: number
  /** The side of the images in pixels, for backbones that compute with it. */
  readonly side: number
  readonly threads: number
  /** The number of measured turns of each work. */
  readonly rounds: Readonly<Record<Work, number>>
  /** How long a side may take for one answer. */
  readonly patienceSeconds: number
  readonly frozen: boolean
  /** The file to which the results are written after each work. */
  readonly json: string
  readonly mode: 'measure' | 'prepare' | 'profile'
}

/** Short works get more turns, since their times vary more. */
const usualRounds: Readonly<Record<Work, number>> = { 'training step': 3, 'APGD iteration': 5, forward: 9 }

const shortNames: Readonly<Record<string, Work>> = {
  training: 'training step',
  apgd: 'APGD iteration',
  forward: 'forward',
}

/** Reads the command line. `json` is the file of results by default. */
export function parseEngineOptions(given: readonly string[], json: string): EngineOptions {
  const { values } = parseArgs({ args: [...given], options: declared })
  const rounds = values.rounds === undefined ? undefined : wholeNumber('rounds', values.rounds)
  return {
    backbones: values.profile ? [knownBackbone(values.profile)] : backbonesOf(values.backbones, values.all),
    works: chosenOf('works', values.works, Object.keys(shortNames)).map((name) => shortNames[name]!),
    sides: chosenOf('sides', values.sides, Object.keys(sideNames)) as SideName[],
    batch: wholeNumber('batch', values.batch),
    side: wholeNumber('side', values.side),
    threads: wholeNumber('threads', values.threads),
    rounds: rounds ? { 'training step': rounds, 'APGD iteration': rounds, forward: rounds } : usualRounds,
    patienceSeconds: wholeNumber('patience', values.patience),
    frozen: !values.unfolded,
    json: values.json ?? json,
    mode: values.profile ? 'profile' : values.prepare ? 'prepare' : 'measure',
  }
}

const declared = {
  backbones: { type: 'string' },
  all: { type: 'boolean', default: false },
  works: { type: 'string', default: 'training,apgd,forward' },
  sides: { type: 'string', default: 'gauntlet,eager,channels_last,compiled' },
  batch: { type: 'string', default: '8' },
  side: { type: 'string', default: '128' },
  threads: { type: 'string', default: '2' },
  rounds: { type: 'string' },
  patience: { type: 'string', default: '900' },
  unfolded: { type: 'boolean', default: false },
  json: { type: 'string' },
  prepare: { type: 'boolean', default: false },
  profile: { type: 'string' },
} as const

function backbonesOf(named: string | undefined, all: boolean): readonly string[] {
  if (named) return named.split(',').map(knownBackbone)
  return all ? implementedBackbones : representatives()
}

function knownBackbone(id: string): string {
  return backboneFor(id).id
}

function chosenOf(option: string, value: string, known: readonly string[]): string[] {
  const names = value.split(',')
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new OptionInvalid(`--${option} has no ${JSON.stringify(unknown)}; choose from ${known.join(',')}.`)
  }
  return known.filter((name) => names.includes(name))
}

function wholeNumber(option: string, value: string): number {
  const number = Number(value)
  if (Number.isInteger(number) && number > 0) return number
  throw new OptionInvalid(`--${option} is ${JSON.stringify(value)}; give a whole number above 0.`)
}

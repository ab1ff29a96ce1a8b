import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import type { Normalisation } from '@gauntlet/nn'
import { readSafetensors } from '@gauntlet/weights'
import type { StateDictEntry } from './hash-filling.ts'

/**
 * For each parameter the norm of its gradient in float64, and the norm of the difference of PyTorch's float32 from it.
 */
export type GradientNorms = Readonly<Record<string, { readonly norm: number; readonly off: number }>>

/** The facts that make_fixtures.py writes beside a reference's tensors. */
interface FixtureFacts {
  readonly versions: Readonly<Record<string, string>>
  readonly classes: number
  readonly side: number
  /** The input contract under which images are normalised as for the reference. */
  readonly contract: 'paper' | 'native'
  readonly normalisation: Normalisation
  /** The number of parameters of the model with a head for `classes`. A tensor under two names counts once. */
  readonly parameters: number
  /** By what the scales of norms were multiplied (`hashFilled`); absent where by 1. */
  readonly gain?: number
  /** Names of tensors that have another, first name. */
  readonly aliases: Readonly<Record<string, string>>
  /** The logits with faint weights in float64, and the largest difference of PyTorch's float32. */
  readonly faint: { readonly exactLogits: readonly number[]; readonly off: number }
  readonly labels: readonly number[]
  readonly exactLogits: readonly number[]
  /** `turned`: 1 − cosine between PyTorch's float32 and float64. */
  readonly inputGradient: { readonly norm: number; readonly turned: number }
  readonly gradients: GradientNorms
  /**
   * Null where training computes what evaluation does. `buffersOff`: the largest differences of PyTorch's float32 from
   * float64.
   */
  readonly training: {
    readonly labels: readonly number[]
    readonly gradients: GradientNorms
    readonly buffersOff: Readonly<Record<string, number>>
  } | null
}

/** The results of a reference with hash-filled weights. */
export interface Fixture extends FixtureFacts {
  readonly stateDict: readonly StateDictEntry[]
  /**
   * `logits` in PyTorch's float32, and samples of `input_gradient`, `gradient/<name>`, `training/<name>` and
   * `buffer/<name>` in float64.
   */
  readonly tensors: ReadonlyMap<string, Float32Array>
}

const folder = join(import.meta.dirname, 'fixtures')
const fixtureFolders = [folder, join(folder, 'variants'), join(folder, 'resized')]

/** The ids of the architectures beyond the study's that have a fixture. */
export function variantFixtures(): string[] {
  return fixturesIn(fixtureFolders[1]!)
}

/** The names of models at another side than their own, `<id>@<side>`, that have a fixture. */
export function resizedFixtures(): string[] {
  return fixturesIn(fixtureFolders[2]!)
}

function fixturesIn(of: string): string[] {
  return readdirSync(of).map((file) => file.replace('.safetensors', ''))
}

export function readFixture(id: string): Fixture {
  const file = fixtureFolders.map((folder) => join(folder, `${id}.safetensors`)).find(existsSync)
  if (file === undefined) throw new Error(`There is no fixture of ${id}; make_fixtures.py makes it.`)
  const { arrays, metadata } = readSafetensors(readFileSync(file))
  const listing = arrays.find(({ name }) => name === 'state_dict')!.data as Uint8Array
  return {
    ...(JSON.parse(metadata['facts']!) as FixtureFacts),
    stateDict: JSON.parse(inflateSync(listing).toString()) as StateDictEntry[],
    tensors: new Map(arrays.flatMap(({ name, data }) => (data instanceof Float32Array ? [[name, data]] : []))),
  }
}

/**
 * The elements of a tensor that make_fixtures.py keeps. Their stride is constant and has no divisor in common with the
 * number of elements.
 */
export function sampled(values: Float32Array, limit: number): Float32Array {
  let stride = Math.max(1, Math.floor(values.length / limit))
  while (greatestCommonDivisor(stride, values.length) > 1) stride--
  return values.filter((_, i) => i % stride === 0)
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

import type { ParameterSpecification } from '@gauntlet/nn'
import type { NamedArray } from '@gauntlet/weights'

/** A tensor of a reference's state dict: its name, PyTorch's shape and the element type. */
export type StateDictEntry = readonly [name: string, shape: readonly number[], dtype: string]

/**
 * A pattern for the last part of a name, the number of dimensions or null for any, the centre, and the spread. The
 * first rule that matches is used. hash_filling.py has the same rules.
 */
const rules: readonly (readonly [pattern: RegExp, dimensions: number | null, centre: number, spread: number])[] = [
  [/running_var$/, null, 1, 0.5],
  [/running_mean$/, null, 0, 0.3],
  [/temperature$/, null, 1, 0.5],
  [/gamma/, null, 0.1, 0.05],
  [/(_token\d?|_embed|_table)$/, null, 0, 0.5],
  [/weight$/, 1, 1, 0.3],
  [/(?:)/, 1, 0, 0.2],
]

/**
 * Weights by formula, bit for bit those of hash_filling.py. Element i is centre + spread · u, where u in [−1, 1) comes
 * from the 24 highest bits of a hash of i and the name. An alias has the values of its first name; counters are 0. The
 * scales of norms are multiplied by `gain`.
 */
export function hashFilled(
  entries: readonly StateDictEntry[],
  aliases: Readonly<Record<string, string>> = {},
  gain = 1,
): NamedArray[] {
  return entries.map(([name, shape, dtype]) => {
    if (dtype === 'int64') return { name, shape, dtype, data: new BigInt64Array(sizeOf(shape)) }
    const original = aliases[name] ?? name
    const factor = original.endsWith('.weight') && shape.length === 1 ? gain : 1
    const [centre, spread] = centreAndSpread(original, shape).map((value) => factor * value) as [number, number]
    const data = new Float32Array(sizeOf(shape))
    const seed = fnv1a(original)
    for (let i = 0; i < data.length; i++) data[i] = centre + spread * (((hash(seed, i) >>> 8) - 2 ** 23) / 2 ** 23)
    return { name, shape, dtype: 'float32', data }
  })
}

/** Every tensor of a model, hash-filled, under each of its names. */
export function hashFilledModel(specifications: readonly ParameterSpecification[]): NamedArray[] {
  const entries = specifications.map(({ name, shape, kind }): StateDictEntry => [
    name,
    shape,
    kind === 'counter' ? 'int64' : 'float32',
  ])
  const aliases = specifications.flatMap(({ name, sharedWith }) => (sharedWith ? [[name, sharedWith] as const] : []))
  return hashFilled(entries, Object.fromEntries(aliases))
}

/**
 * The factor that makes a tensor faint, so that what norms divide by comes near their epsilon. hash_filling.py has the
 * same factors.
 */
export function faintness(name: string, dimensions: number): number {
  const leaf = leafOf(name)
  if (leaf === 'running_var') return 2 ** -12
  if (leaf.includes('gamma')) return 2 ** 6 // the scale of a layer, which must not vanish beside what it is added to
  const isScale = leaf.endsWith('temperature') || (leaf === 'weight' && dimensions === 1)
  return isScale ? 1 : 2 ** -6
}

/**
 * Pixels [count, side, side, 3] in [0, 1]: a ramp with noise, in which no two images and no two neighbours are alike.
 * hash_filling.py has the same pixels.
 */
export function fixedPixels(count: number, side: number): Float32Array {
  const pixels = new Float32Array(count * side * side * 3)
  const seed = fnv1a('images')
  for (let i = 0; i < pixels.length; i++) {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % side, Math.floor(i / (3 * side)) % side]
    const image = Math.floor(i / (3 * side * side))
    pixels[i] = ((4 * x + 2 * y + 40 * channel + 64 * image + (hash(seed, i) >>> 25)) % 256) / 255
  }
  return pixels
}

function centreAndSpread(name: string, shape: readonly number[]): readonly [number, number] {
  const leaf = leafOf(name)
  const rule = rules.find(
    ([pattern, dimensions]) => pattern.test(leaf) && (dimensions ?? shape.length) === shape.length,
  )
  return rule ? [rule[2], rule[3]] : [0, Math.sqrt(6 / sizeOf(shape.slice(1)))]
}

function leafOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** 32-bit FNV-1a of the name's bytes. */
function fnv1a(text: string): number {
  return new TextEncoder().encode(text).reduce((digest, byte) => Math.imul(digest ^ byte, 0x01000193), 0x811c9dc5 | 0)
}

/** MurmurHash3's finaliser. */
function hash(seed: number, index: number): number {
  let x = (Math.imul(index, 0x9e3779b1) + seed) | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

import type { SavedEvaluation } from '@gauntlet/evaluation'
import { readSafetensors, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import type { FellingImage } from './felling-images.ts'

/** How far an evaluation is, for another attempt to go on from. */
export interface KeptEvaluation {
  /** In images. */
  readonly done: number
  readonly saved: SavedEvaluation
  /** The felling images that are kept for the end. */
  readonly felling: readonly FellingImage[]
}

const format = 'gauntlet-evaluation-3'
/** The prefixes of the names of the attack's tensors, and of the felling images, which end with an image's place. */
const [statePrefix, fellingPrefix] = ['state/', 'felling/'] as const

/**
 * The progress as safetensors. All but the attack's tensors is JSON in a tensor `progress`, and not in the metadata,
 * whose size has a limit that a large test split would pass.
 */
export function encodeEvaluation({ done, saved, felling }: KeptEvaluation): Uint8Array {
  const states = saved.kind === 'ensemble' ? saved.ensemble.states : []
  const plain = saved.kind === 'ensemble' ? { ...saved, ensemble: { ...saved.ensemble, states: [] } } : saved
  const data = new TextEncoder().encode(JSON.stringify({ done, saved: plain }))
  const tensors = states.map(({ name, shape, values }): NamedArray => ({
    name: statePrefix + name,
    dtype: 'float32',
    shape,
    data: values,
  }))
  const images = felling.map(({ index, pixels }): NamedArray => ({
    name: `${fellingPrefix}${index}`,
    dtype: 'float32',
    shape: [pixels.length],
    data: pixels,
  }))
  return writeSafetensors([...tensors, ...images, { name: 'progress', dtype: 'uint8', shape: [data.length], data }], {
    format,
  })
}

/** The progress that the bytes hold; null where they hold none, so that the evaluation starts from its beginning. */
export function decodeEvaluation(bytes: Uint8Array): KeptEvaluation | null {
  try {
    const { arrays, metadata } = readSafetensors(bytes)
    const text = arrays.find(({ name }) => name === 'progress')
    if (metadata['format'] !== format || !text) return null
    const { done, saved } = JSON.parse(new TextDecoder().decode(text.data as Uint8Array)) as Pick<
      KeptEvaluation,
      'done' | 'saved'
    >
    const felling = fellingOf(arrays)
    if (saved.kind === 'outcomes') return { done, saved, felling }
    return { done, felling, saved: { ...saved, ensemble: { ...saved.ensemble, states: statesOf(arrays) } } }
  } catch (error) {
    const { name } = error as Error
    if (name === 'CheckpointUnreadable' || name === 'SyntaxError') return null
    throw error
  }
}

function fellingOf(arrays: readonly NamedArray[]): FellingImage[] {
  return arrays
    .filter(({ name }) => name.startsWith(fellingPrefix))
    .map(({ name, data }) => ({ index: Number(name.slice(fellingPrefix.length)), pixels: data as Float32Array }))
}

function statesOf(arrays: readonly NamedArray[]) {
  return arrays
    .filter(({ name }) => name.startsWith(statePrefix))
    .map(({ name, shape, data }) => ({ name: name.slice(statePrefix.length), shape, values: data as Float32Array }))
}

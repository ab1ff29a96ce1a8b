import type { LogitsFunction } from '@gauntlet/attacks'
import { normal, tf, uniform, type Tensor2D } from '@gauntlet/engine'
import type { ImageReader, Outcome } from '@gauntlet/evaluation'
import { digestOf } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import { evaluatedSheet } from './evaluated-sheet.ts'

const [side, classes, count] = [16, 3, 12]
const size = side * side * 3
const weights = tf.tensor2d(normal({ seed: 1, purpose: 'weights' }, size * classes), [size, classes])
const logits: LogitsFunction = (images) => tf.matMul(images.reshape<Tensor2D>([-1, size]), weights)

const reads: number[][] = []
const reader: ImageReader = {
  count,
  resolution: side,
  entry: (index) => ({ digest: digestOf(index), label: index % classes }),
  async read(indices) {
    reads.push([...indices])
    const images = indices.flatMap((index) => [...uniform({ seed: index, purpose: 'image' }, size)])
    const labels = Int32Array.from(indices, (index) => index % classes)
    return { images: Float32Array.from(images), labels, digests: indices.map((index) => digestOf(index)) }
  },
}
const causes: Record<number, string> = { 0: 'clean', 2: 'apgd-ce' }
const outcomes = Array.from({ length: count }, (_, index) => ({ index, felledBy: causes[index] ?? null }) as Outcome)

function sheet(epsilon = 0.1) {
  const perturbation = { name: 'Linf', epsilon, evaluator: { name: 'standard' } } as const
  return evaluatedSheet({ perturbation, logits, reader, outcomes, seed: 1 })
}

describe('the sheet of an evaluation', () => {
  it('is a small PNG of a few images spread over those that are right unperturbed', async () => {
    const png = Buffer.from(await sheet())
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([8 + 4 * 144, 8 + 5 * (136 + 28 + 8)])
    expect(png.length).toBeLessThan(300_000) // noise, which nothing compresses
    expect(reads.at(-1)).toEqual([1, 3, 5, 7, 9])
  })

  it('has the same bits for the same evaluation, and others for another ball', async () => {
    const first = await sheet()
    expect(await sheet()).toEqual(first)
    expect(await sheet(0.05)).not.toEqual(first)
  })

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors
    await sheet()
    expect(tf.memory().numTensors).toBe(before)
  })
})

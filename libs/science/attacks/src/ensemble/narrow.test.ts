import { ProgramBuilder, tf, type Tensor2D, type Tensor4D, type TensorTree } from '@gauntlet/engine'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { linf } from '../balls/linf.ts'
import type { Network } from '../attack/network.ts'
import { passRows } from './pass-rows.ts'
import { runEnsemble } from './run-ensemble.ts'
import { squareAttack } from '../attack/square-attack.ts'
import { someImages } from '../testing/arbitraries.ts'
import { imagesOf, tinyConvolution } from '../testing/tiny-models.ts'

const shape = [4, 4, 3] as const
const pool = fc.sample(someImages, { seed: 8, numRuns: 40 }).flat()
const labelOf = (row: number) =>
  tf.tidy(
    () =>
      tinyConvolution(imagesOf([pool[row]!.image]))
        .argMax(1)
        .dataSync()[0]!,
  )
const ball = linf(1e-3)
const square = squareAttack({ name: 'square', ball, queries: 500, restarts: 1 })

/** Attacks these images with Square; gives the verdicts, and the numbers of rows that the network had, in order. */
async function attacked(count: number, logits: Network['logits']) {
  const rows = [...Array(count).keys()]
  const seen = new Set<number>()
  const watched: Network['logits'] = (images, parameters) => {
    seen.add(images.shape[0])
    return logits(images, parameters)
  }
  const verdicts = await runEnsemble({
    logits: (images) => logits(images, {}),
    network: { parameters: {}, logits: watched },
    ball,
    imageSet: {
      digests: rows.map((row) => `image ${row}`),
      labels: rows.map(labelOf),
      shape,
      read: (chosen) => imagesOf(chosen.map((row) => pool[row]!.image)),
    },
    attacks: [square],
    seed: 3,
    batchSize: 64,
  })
  return { verdicts, rows: [...seen] }
}

/** A model whose logits hang on how many rows it is given, as kernels that add in another order make them. */
function byRows(images: Tensor4D): Tensor2D {
  return tinyConvolution(images).mul<Tensor2D>(1 + images.shape[0] * 2 ** -20)
}

describe('an attack with few runs left and many steps', () => {
  const most = passRows(shape)
  /** How many blocks take as long as to load a program. */
  let blocksOfLoading: number
  beforeEach(() => {
    blocksOfLoading = 0
    let blocks = 0
    vi.spyOn(performance, 'now').mockImplementation(() => 1000 * blocks++)
    const { load } = ProgramBuilder.prototype
    vi.spyOn(ProgramBuilder.prototype, 'load').mockImplementation(function (this: ProgramBuilder<TensorTree>) {
      blocks += blocksOfLoading
      return load.call(this)
    })
  })
  afterEach(() => vi.restoreAllMocks())

  it('takes fewer rows, and gives the bits that it gives with all of them', async () => {
    const whole = await attacked(most, tinyConvolution)
    expect(whole.rows).toEqual([most])
    // Of the images that need two quarters one falls soon.
    for (const [count, quarters] of [
      [2, [1]],
      [most / 4 + 1, [2, 1]],
      [most / 2 + 1, [3]],
    ] as const) {
      const narrow = await attacked(count, tinyConvolution)
      expect(narrow.rows).toEqual([most, ...quarters.map((each) => (each * most) / 4)])
      expect(narrow.verdicts).toEqual(whole.verdicts.slice(0, count))
    }
  })

  it('keeps all rows where fewer give other bits', async () => {
    const whole = await attacked(most, byRows)
    const narrow = await attacked(2, byRows)
    expect(narrow.rows).toEqual([most, most / 4, most / 2, (3 * most) / 4])
    expect(narrow.verdicts).toEqual(whole.verdicts.slice(0, 2))
  })

  it('keeps all rows where it would take longer to load another program than fewer rows save', async () => {
    blocksOfLoading = 1000
    expect((await attacked(2, tinyConvolution)).rows).toEqual([most])
  })

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors
    await attacked(2, tinyConvolution)
    expect(tf.memory().numTensors).toBe(before)
  })
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { prefetched } from './prefetch.ts'
import type { TrainingData } from './training-data.ts'

function dataWithLog(log: string[]): TrainingData {
  return {
    count: 100,
    resolution: 1,
    read(indices, epoch) {
      log.push(`${epoch}: ${indices.join()}`)
      const images = Float32Array.from(indices.flatMap((index) => [index, epoch, 0]))
      return Promise.resolve({ images, labels: Int32Array.from(indices) })
    },
  }
}

it('gives the batches of the data, each read once, in whatever order they are asked for', async () => {
  const batches = fc.array(fc.array(fc.nat(99), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(batches, fc.boolean(), async (order, inOrder) => {
      const [log, plain] = [[] as string[], dataWithLog([])]
      const data = prefetched(dataWithLog(log), order, 3)
      for (const indices of inOrder ? order : order.toReversed())
        expect(await data.read(indices, 3)).toEqual(await plain.read(indices, 3))
      if (inOrder) expect(log).toEqual(order.map((indices) => `3: ${indices.join()}`))
    }),
  )
})

it('reads anew what is asked for of another epoch', async () => {
  const log: string[] = []
  const order = [[1], [2]]
  const data = prefetched(dataWithLog(log), order, 3)
  expect((await data.read(order[0]!, 4)).images).toEqual(Float32Array.of(1, 4, 0))
  expect((await data.read(order[0]!, 3)).images).toEqual(Float32Array.of(1, 3, 0))
  expect(log).toEqual(['3: 1', '3: 2', '4: 1'])
})

it('reads the next batches while one is in use', async () => {
  const log: string[] = []
  const order = [[1], [2], [3], [4]]
  const data = prefetched(dataWithLog(log), order, 0)
  await data.read(order[0]!, 0)
  expect(log).toEqual(['0: 1', '0: 2', '0: 3'])
})

it('fails for the batch that cannot be read, and for no other', async () => {
  const broken: TrainingData = {
    ...dataWithLog([]),
    read: (indices, epoch) =>
      indices[0] === 2 ? Promise.reject(new Error('image 2')) : dataWithLog([]).read(indices, epoch),
  }
  const order = [[1], [2], [3]]
  const data = prefetched(broken, order, 0)
  await expect(data.read(order[0]!, 0)).resolves.toBeDefined()
  await expect(data.read(order[1]!, 0)).rejects.toThrow('image 2')
  await expect(data.read(order[2]!, 0)).resolves.toBeDefined()
})

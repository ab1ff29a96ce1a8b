import { temporaryFolder } from '@gauntlet/files'
import { bundledDatasets } from '@gauntlet/gpu-worker/fixtures/bundled-datasets'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pythonWithTorch } from '../engine/python-environment.ts'
import { writePhotographs } from './photographs.ts'

const batch = 64
const augmentation = { horizontalFlip: true, colorJitter: 0.25, rotationDegrees: 2 }

/**
 * Decoded and augmented training images a second: our reading threads, without and with the cache of decoded images,
 * beside torchvision's DataLoader with as many workers, in turns in one run. The images are JPEG of 500 × 375.
 */
export async function inputBenchmark(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      images: { type: 'string', default: '1000' },
      side: { type: 'string', default: '224' },
      threads: { type: 'string', default: String(availableParallelism()) },
      rounds: { type: 'string', default: '3' },
      python: { type: 'string' },
    },
  })
  const [side, threads, rounds] = [Number(values.side), Number(values.threads), Number(values.rounds)]
  const folder = temporaryFolder('gauntlet-input-')
  try {
    await writePhotographs(join(folder, 'photographs'), Number(values.images))
    const ours = await ourSide(folder, { side, threads })
    const python = values.python ?? pythonWithTorch(cacheFolder(process.env))
    console.log(`${values.images} images to ${side} px, ${threads} threads beside ${threads} workers; images a second`)
    console.log('torchvision   ours   ratio   with cache   ratio')
    for (let round = 0; round < rounds; round++) {
      const theirs = torchvision(python, [join(folder, 'photographs'), String(threads), String(side), '1'])
      const [cold, warm] = [await ours.decoding(), await ours.cached()]
      const numbers = [theirs.toFixed(0), cold.toFixed(0), (cold / theirs).toFixed(2), warm.toFixed(0)]
      console.log([...numbers, (warm / theirs).toFixed(2)].join('   '))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function torchvision(python: string, values: string[]): number {
  const script = join(import.meta.dirname, 'torchvision_side.py')
  const { stdout, status } = spawnSync(python, [script, ...values], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${script} failed; see its message above.`)
  return Number(stdout.trim())
}

async function ourSide(folder: string, { side, threads }: { side: number; threads: number }) {
  const { packDataset, openDataset, openReadThreads } = await bundledDatasets()
  const counts = { trainImages: null, validationImages: null, testImages: null }
  const specification = {
    id: 'photographs',
    source: 'file:x',
    sha256: 'a'.repeat(64),
    classes: 4,
    resolution: side,
    splitSeed: 42,
  }
  const { manifest, imagesFile } = await packDataset(
    { ...specification, ...counts },
    join(folder, 'photographs'),
    join(folder, 'images'),
  )
  const order = [...manifest.splits.train.keys()]
  const batches = Array.from({ length: Math.ceil(order.length / batch) }, (_, i) =>
    order.slice(i * batch, (i + 1) * batch),
  )
  let epoch = 0
  const measure = (opening: object) => async () => {
    const reader = openDataset({ manifest, images: imagesFile, ...opening })
    const reads = openReadThreads(reader, threads)
    const pass = async () => {
      epoch++
      let next = 0
      const worker = async () => {
        while (next < batches.length) await reads.readAugmented(batches[next++]!, augmentation, { seed: 1, epoch })
      }
      await Promise.all(Array.from({ length: 2 * threads }, worker))
    }
    await pass() // starts the threads and fills the cache
    const start = performance.now()
    await pass()
    const seconds = (performance.now() - start) / 1000
    await Promise.all([reads.close(), reader.close()])
    return order.length / seconds
  }
  return { decoding: measure({}), cached: measure({ decodedFolder: join(folder, 'decoded') }) }
}

import { temporaryFolder } from '@gauntlet/files'
import { bundledDatasets } from '@gauntlet/gpu-worker/fixtures/bundled-datasets'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { pythonWithTorch } from '../../python-environment.ts'
import { writePhotographs } from './photographs.ts'

const batch = 64
const augmentation = { horizontalFlip: true, colorJitter: 0.25, rotationDegrees: 2 }

/**
 * Decoded and augmented training images a second: our reading threads, without and with the cache of decoded images,
 * beside torchvision's DataLoader with as many workers, in turns in one run. The images are JPEG of 500 × 375. Then the
 * share of the time that a device of given speeds would wait for batches of one thread, read two ahead as in training.
 */
export async function inputBenchmark(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      images: { type: 'string', default: '1000' },
      side: { type: 'string', default: '224' },
      threads: { type: 'string', default: String(availableParallelism()) },
      rounds: { type: 'string', default: '3' },
      devices: { type: 'string', default: '50,100,200,400' },
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
    console.log('torchvision   ours   ratio   with cache   ratio   and in milliseconds of a core for an image')
    for (let round = 0; round < rounds; round++) {
      const theirs = torchvision(python, [join(folder, 'photographs'), String(threads), String(side), '1'])
      const [cold, warm] = [await ours.decoding(), await ours.cached()]
      const speeds = [theirs.rate.toFixed(0), cold.rate.toFixed(0), (cold.rate / theirs.rate).toFixed(2)]
      const cached = [warm.rate.toFixed(0), (warm.rate / theirs.rate).toFixed(2)]
      const cores = [theirs, cold, warm].map(({ core }) => core.toFixed(2))
      const ratios = [cold, warm].map(({ core }) => (theirs.core / core).toFixed(2))
      console.log([...speeds, ...cached, '|', ...cores, 'ratios', ...ratios].join('   '))
    }
    for (const speed of values.devices.split(',').map(Number))
      console.log(
        `a device of ${speed} images a second waits ${(100 * (await ours.idleShare(speed))).toFixed(1)} % of the time`,
      )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Images a second, and milliseconds of a core for an image, which a busy machine changes less. */
interface Speed {
  readonly rate: number
  readonly core: number
}

function torchvision(python: string, values: string[]): Speed {
  const script = join(import.meta.dirname, 'torchvision_side.py')
  const { stdout, status } = spawnSync(python, [script, ...values], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${script} failed; see its message above.`)
  const [rate, core] = stdout.trim().split(' ').map(Number) as [number, number]
  return { rate, core }
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
        while (next < batches.length)
          reads.reuse((await reads.readAugmented(batches[next++]!, augmentation, { seed: 1, epoch })).images)
      }
      await Promise.all(Array.from({ length: 2 * threads }, worker))
    }
    await pass() // starts the threads and fills the cache
    const [start, used] = [performance.now(), process.cpuUsage()]
    await pass()
    const seconds = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(used)
    await Promise.all([reads.close(), reader.close()])
    return { rate: order.length / seconds, core: (user + system) / 1000 / order.length }
  }
  async function idleShare(speed: number): Promise<number> {
    const reader = openDataset({ manifest, images: imagesFile, decodedFolder: join(folder, 'decoded') })
    const reads = openReadThreads(reader, 1)
    const read = (indices: readonly number[]) => reads.readAugmented(indices, augmentation, { seed: 2, epoch: 0 })
    const ahead = batches.slice(0, 2).map(read)
    await Promise.all(ahead)
    const start = performance.now()
    let computed = 0
    for (const [i, indices] of batches.entries()) {
      const { images } = (await ahead.shift())!
      if (batches[i + 2]) ahead.push(read(batches[i + 2]!))
      await setImmediate() // so that the request leaves before the device blocks the thread
      const milliseconds = (1000 * indices.length) / speed
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
      computed += milliseconds
      reads.reuse(images)
    }
    const share = 1 - computed / (performance.now() - start)
    await Promise.all([reads.close(), reader.close()])
    return share
  }
  return { decoding: measure({}), cached: measure({ decodedFolder: join(folder, 'decoded') }), idleShare }
}

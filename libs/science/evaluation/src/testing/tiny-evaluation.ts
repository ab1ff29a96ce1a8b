import type { LogitsFunction } from '@gauntlet/attacks'
import { affine, normal, tf, uniform, type Tensor2D } from '@gauntlet/engine'
import { digestOf } from '@gauntlet/study'
import type { ImageReader } from '../image-reader.ts'

const side = 4
export const classes = 4

/** Two layers with a rectifier between them, on centred pixels, so that images of noise are of all classes. */
export const tinyModel: LogitsFunction = (images) => {
  const [values, hidden] = [side * side * 3, 8]
  const first = tf.tensor2d(normal({ seed: 1, purpose: 'test/first' }, values * hidden), [values, hidden])
  const second = tf.tensor2d(normal({ seed: 1, purpose: 'test/second' }, hidden * classes), [hidden, classes])
  const inner = affine(images.sub(0.5).reshape<Tensor2D>([-1, values]), first)
  return affine(inner.relu<Tensor2D>(), second)
}

/** A reader that records what was read, and can be split. */
interface TinyReader extends ImageReader {
  readonly reads: number[][]
  slice(first: number, end: number): TinyReader
}

const values = side * side * 3

/** `count` fixed images of noise; every fourth has another label than the tiny model predicts. */
export function tinyReader(count: number): TinyReader {
  const images = Array.from({ length: count }, (_, i) => uniform({ seed: i, purpose: 'test/image' }, values))
  const predictions = tf.tidy(() => {
    const all = new Float32Array(count * values)
    images.forEach((image, i) => all.set(image, i * values))
    return tinyModel(tf.tensor4d(all, [count, side, side, 3]))
      .argMax(1)
      .dataSync()
  })
  const labels = Array.from(predictions, (prediction, i) => (i % 4 === 3 ? (prediction + 1) % classes : prediction))
  return readerOf(images, labels, 0, count)
}

/** The images from `first` up to `end`. */
function readerOf(images: readonly Float32Array[], labels: readonly number[], first: number, end: number): TinyReader {
  const reads: number[][] = []
  return {
    count: end - first,
    resolution: side,
    reads,
    slice: (from, to) => readerOf(images, labels, first + from, first + to),
    entry: (index) => ({ digest: digestOf(`image ${first + index}`), label: labels[first + index]! }),
    async read(chosen) {
      reads.push([...chosen])
      const indices = chosen.map((index) => first + index)
      const batch = new Float32Array(indices.length * values)
      indices.forEach((index, i) => batch.set(images[index]!, i * values))
      const digests = indices.map((index) => digestOf(`image ${index}`))
      return { images: batch, labels: Int32Array.from(indices, (index) => labels[index]!), digests }
    },
  }
}

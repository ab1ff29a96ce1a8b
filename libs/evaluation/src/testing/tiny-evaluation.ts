import type { LogitsFunction } from '@gauntlet/attacks'
import { normal, tf, uniform, type Tensor2D } from '@gauntlet/engine'
import { digestOf } from '@gauntlet/study'
import type { ImageReader } from '../image-reader.ts'

const side = 4
export const classes = 4

/** Two layers with a rectifier between them, on centred pixels, so that noise is of any class. */
export const tinyModel: LogitsFunction = (images) => {
  const [values, hidden] = [side * side * 3, 8]
  const first = tf.tensor2d(normal({ seed: 1, purpose: 'test/first' }, values * hidden), [values, hidden])
  const second = tf.tensor2d(normal({ seed: 1, purpose: 'test/second' }, hidden * classes), [hidden, classes])
  const inner = tf.matMul<Tensor2D>(images.sub(0.5).reshape<Tensor2D>([-1, values]), first)
  return tf.matMul(inner.relu<Tensor2D>(), second)
}

/** `count` fixed images of noise; every fourth has a label that the tiny model does not give it. */
export function tinyReader(count: number): ImageReader & { reads: number[][] } {
  const values = side * side * 3
  const images = Array.from({ length: count }, (_, i) => uniform({ seed: i, purpose: 'test/image' }, values))
  const predictions = tf.tidy(() => {
    const all = new Float32Array(count * values)
    images.forEach((image, i) => all.set(image, i * values))
    return tinyModel(tf.tensor4d(all, [count, side, side, 3]))
      .argMax(1)
      .dataSync()
  })
  const labels = Array.from(predictions, (prediction, i) => (i % 4 === 3 ? (prediction + 1) % classes : prediction))
  const reads: number[][] = []
  return {
    count,
    resolution: side,
    reads,
    entry: (index) => ({ digest: digestOf(`image ${index}`), label: labels[index]! }),
    async read(indices) {
      reads.push([...indices])
      const batch = new Float32Array(indices.length * values)
      indices.forEach((index, i) => batch.set(images[index]!, i * values))
      const digests = indices.map((index) => digestOf(`image ${index}`))
      return { images: batch, labels: Int32Array.from(indices, (index) => labels[index]!), digests }
    },
  }
}

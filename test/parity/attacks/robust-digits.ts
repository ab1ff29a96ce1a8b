import { ensembleOf, attacksOf, l1, l2, linf, type Ball, type Campaign, type LogitsFunction } from '@gauntlet/attacks'
import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const at = (name: string) => new URL(name, import.meta.url)

/** The thousand digits, [28 · 28] floats each, and their labels. */
export function digits(): { images: Float32Array[]; labels: number[] } {
  const stored = gunzipSync(readFileSync(at('digits.bin.gz')))
  const count = 1000
  const images = Array.from({ length: count }, (_, i) =>
    Float32Array.from(stored.subarray(784 * i, 784 * (i + 1)), (value) => value / 255),
  )
  return { images, labels: [...stored.subarray(784 * count)] }
}

/** The tensors of a safetensors file of float32 numbers: the length of a JSON header, the header, the bytes. */
function tensorsOf(bytes: Buffer): Map<string, { shape: number[]; values: Float32Array }> {
  const headerLength = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >
  const data = Uint8Array.from(bytes.subarray(8 + headerLength)).buffer
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__')
  return new Map(
    entries.map(
      ([
        name,
        {
          shape,
          data_offsets: [from, to],
        },
      ]) => [name, { shape, values: new Float32Array(data.slice(from, to)) }],
    ),
  )
}

/** The CNN of robust_digits.py on [batch, 28, 28, 1]. Its tensors live as long as the process. */
export function robustDigits(): LogitsFunction {
  const tensors = tensorsOf(readFileSync(at('robust_digits.safetensors')))
  const tensor = (name: string) => tf.tensor(tensors.get(name)!.values, tensors.get(name)!.shape)
  const kernels = ['conv1', 'conv2'].map((name) => tf.tidy(() => tensor(`${name}.weight`).transpose([2, 3, 1, 0]) as Tensor4D))
  const biases = ['conv1', 'conv2', 'fc1', 'fc2'].map((name) => tensor(`${name}.bias`))
  const matrices = ['fc1', 'fc2'].map((name) => tf.tidy(() => tensor(`${name}.weight`).transpose() as Tensor2D))
  const convolved = (x: Tensor4D, layer: number, padding: number) => {
    const padded = tf.pad(x, [
      [0, 0],
      [padding, padding],
      [padding, padding],
      [0, 0],
    ])
    return tf.conv2d(padded, kernels[layer]!, 2, 'valid').add(biases[layer]!).relu<Tensor4D>()
  }
  return (images) => {
    const features = convolved(convolved(images, 0, 2), 1, 1)
    const flat = features.transpose([0, 3, 1, 2]).reshape<Tensor2D>([-1, 784]) // PyTorch flattens channels first
    const hidden = tf.matMul(flat, matrices[0]!).add(biases[2]!).relu<Tensor2D>()
    return tf.matMul(hidden, matrices[1]!).add(biases[3]!) as Tensor2D
  }
}

export const balls: Record<Ball['norm'], (epsilon: number) => Ball> = { Linf: linf, L2: l2, L1: l1 }

/** `standard` on the first `count` digits. */
export function standardOnDigits(norm: Ball['norm'], epsilon: number, count = 1000): Campaign {
  const { images, labels } = digits()
  const ball = balls[norm](epsilon)
  const read = (rows: readonly number[]) => {
    const values = new Float32Array(rows.length * 784)
    rows.forEach((row, i) => values.set(images[row]!, i * 784))
    return tf.tensor4d(values, [rows.length, 28, 28, 1])
  }
  const gallery = { digests: labels.slice(0, count).map((_, i) => `digit ${i}`), labels: labels.slice(0, count), read }
  return {
    logits: robustDigits(),
    ball,
    gallery,
    attacks: attacksOf(ensembleOf('standard', norm, 10), ball),
    seed: 0,
    batchSize: 500,
    block: 4,
  }
}

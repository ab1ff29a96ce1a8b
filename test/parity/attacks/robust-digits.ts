import {
  attacksOf,
  ensembleOf,
  l1,
  l2,
  linf,
  type Ball,
  type Campaign,
  type NamedParameters,
  type Network,
} from '@gauntlet/attacks'
import { tf, type Tensor, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { conv2d, linear, Parameters, relu } from '@gauntlet/nn'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const at = (name: string) => new URL(name, import.meta.url)

/** The thousand digits, [28 · 28] floats each, and their labels. */
function digits(): { images: Float32Array[]; labels: number[] } {
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

/** The CNN of robust_digits.py on [batch, 28, 28, 1], with the tensors of a safetensors file. They live as long as the process. */
function digitsNetwork(file: string | URL): Network {
  const tensors = tensorsOf(readFileSync(file))
  const tensor = (name: string) => tf.tensor(tensors.get(name)!.values, tensors.get(name)!.shape)
  const named = (names: readonly string[], read: (name: string) => Tensor) => names.map((name) => [name, read(name)] as const)
  const parameters = Object.fromEntries([
    ...named(['conv1.weight', 'conv2.weight'], (name) => tf.tidy(() => tensor(name).transpose([2, 3, 1, 0]))),
    ...named(['fc1.weight', 'fc2.weight'], (name) => tf.tidy(() => tensor(name).transpose())),
    ...named(['conv1.bias', 'conv2.bias', 'fc1.bias', 'fc2.bias'], tensor),
  ])
  return { parameters, logits: digitsLogits }
}

function digitsLogits(images: Tensor4D, named: NamedParameters): Tensor2D {
  const at = (name: string) => Parameters.of(Object.entries(named)).at(name)
  const first = relu(conv2d(images, at('conv1'), { stride: 2, padding: 2 }))
  const features = relu(conv2d(first, at('conv2'), { stride: 2, padding: 1 }))
  const flat = features.transpose([0, 3, 1, 2]).reshape<Tensor2D>([-1, 784]) // PyTorch flattens channels first
  return linear(relu(linear(flat, at('fc1'))), at('fc2'))
}

const balls: Record<Ball['norm'], (epsilon: number) => Ball> = { Linf: linf, L2: l2, L1: l1 }

/** What is attacked, unless told otherwise: the robust CNN and the thousand digits. */
export interface DigitsSettings {
  readonly count?: number
  readonly weights?: string | URL
}

/** `standard` on the first digits. */
export function standardOnDigits(norm: Ball['norm'], epsilon: number, settings: DigitsSettings = {}): Campaign {
  const { count = 1000, weights = at('robust_digits.safetensors') } = settings
  const { images, labels } = digits()
  const ball = balls[norm](epsilon)
  const read = (rows: readonly number[]) => {
    const values = new Float32Array(rows.length * 784)
    rows.forEach((row, i) => values.set(images[row]!, i * 784))
    return tf.tensor4d(values, [rows.length, 28, 28, 1])
  }
  const gallery = { digests: labels.slice(0, count).map((_, i) => `digit ${i}`), labels: labels.slice(0, count), read }
  const network = digitsNetwork(weights)
  const attacks = attacksOf(ensembleOf('standard', norm, 10), ball)
  const logits = (points: Tensor4D) => network.logits(points, network.parameters)
  return { logits, network, ball, gallery, attacks, seed: 0, batchSize: 500 }
}

import { keyWords, type RandomKey } from '../random.ts'
import { tf, type Scalar, type Tensor, type Tensor2D } from '../tf.ts'
import { DataType } from '../graphs/graph.ts'
import { wideInteger, wideOperator } from '../recording/wide-operator.ts'

/** Random keys as an int32 tensor [keys, 4], which programs take as an input. */
export function keyTensor(keys: readonly RandomKey[]): Tensor2D {
  return tf.tensor2d(Int32Array.from(keys.flatMap(keyWords)), [keys.length, 4], 'int32')
}

/**
 * `count` numbers in [0, 1) per key, float32 [keys, count]. They have the bits of `uniform(key, count, step)`, inside a
 * program and outside. A row depends only on its key and the step, and never on its position in the batch. `step`: the
 * number of an iteration, as an int32 scalar, which `loop` gives, or as a number.
 */
export function drawUniform(keys: Tensor2D, count: number, step: Scalar | number = 0): Tensor2D {
  return tf.tidy(() => {
    const words = philoxBlocks(keys, Math.ceil(count / 4), step)
    const units = words.map((word) => toFloat32(upperBits(word)).mul(2 ** -24))
    return rowsOf(units, count)
  })
}

const multipliers = [0xd2511f53n, 0xcd9e8d57n] as const
const increments = [0x9e3779b9n, 0xbb67ae85n] as const

/**
 * Philox4x32-10 for every key and block: four tensors of 32-bit words, each [keys, blocks] (`philox4x32`). It computes
 * with 64-bit integers, in which a shift gives the upper word of a product. TensorFlow's own Philox operators take one
 * key for a whole tensor, and their floating-point numbers have 23 bits.
 */
function philoxBlocks(keys: Tensor2D, blocks: number, step: Scalar | number): Tensor[] {
  const mask = wideInteger(0xffffffffn)
  const word = (x: Tensor) => whole('BitwiseAnd', x, mask)
  const upper = (x: Tensor) => word(whole('RightShift', x, wideInteger(32n)))
  const column = (i: number) => word(toInt64(keys.slice([0, i], [-1, 1])))
  let key = [column(0), column(1)]
  const [counter2, counter3] = [column(2), column(3)]
  const start = typeof step === 'number' ? tf.scalar(step, 'int32') : step
  let counter = [toInt64(tf.range(0, blocks, 1, 'int32').reshape([1, -1])), toInt64(start), counter2, counter3] as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ]
  for (let round = 0; round < 10; round++) {
    const [product0, product1] = [counter[0], counter[2]].map((x, i) =>
      whole('Mul', x, wideInteger(multipliers[i]!)),
    ) as [Tensor, Tensor]
    const mixed = (product: Tensor, other: Tensor, i: number) =>
      whole('BitwiseXor', whole('BitwiseXor', upper(product), other), key[i]!)
    counter = [mixed(product1, counter[1], 0), word(product1), mixed(product0, counter[3], 1), word(product0)]
    key = key.map((x, i) => word(whole('AddV2', x, wideInteger(increments[i]!))))
  }
  return counter
}

/** The numbers of each block in order, block after block: four tensors [keys, blocks] become [keys, count]. */
function rowsOf(parts: readonly Tensor[], count: number): Tensor2D {
  const [keys, blocks] = parts[0]!.shape as [number, number]
  return tf
    .stack([...parts], 2)
    .reshape<Tensor2D>([keys, blocks * parts.length])
    .slice([0, 0], [-1, count])
}

/** The upper 24 of 32 bits. */
function upperBits(word: Tensor): Tensor {
  return whole('RightShift', word, wideInteger(8n))
}

function whole(operator: string, x: Tensor, y: Tensor): Tensor {
  return wideOperator(operator, { T: DataType.int64 }, [x, y])
}

function toInt64(x: Tensor): Tensor {
  return wideOperator('Cast', { SrcT: DataType.int32, DstT: DataType.int64 }, [x])
}

function toFloat32(x: Tensor): Tensor {
  return wideOperator('Cast', { SrcT: DataType.int64, DstT: DataType.float32 }, [x])
}

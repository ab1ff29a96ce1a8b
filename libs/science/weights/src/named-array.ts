/** The element types of checkpoints. float16 and bfloat16 are kept as their bits. */
export const elementTypes = {
  float64: { bytes: 8, array: Float64Array },
  float32: { bytes: 4, array: Float32Array },
  float16: { bytes: 2, array: Uint16Array },
  bfloat16: { bytes: 2, array: Uint16Array },
  int64: { bytes: 8, array: BigInt64Array },
  int32: { bytes: 4, array: Int32Array },
  int16: { bytes: 2, array: Int16Array },
  int8: { bytes: 1, array: Int8Array },
  uint8: { bytes: 1, array: Uint8Array },
  bool: { bytes: 1, array: Uint8Array },
} as const

export type ElementType = keyof typeof elementTypes

export type ElementArray =
  Float64Array | Float32Array | Uint16Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array

/** A tensor of a checkpoint, with PyTorch's name, shape and layout, row-major. */
export interface NamedArray {
  readonly name: string
  readonly dtype: ElementType
  readonly shape: readonly number[]
  readonly data: ElementArray
}

/** The number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/**
 * Little-endian bytes as elements: a view where their address is aligned, else a copy. `bytes` must contain whole
 * elements.
 */
export function elementsOf(dtype: ElementType, bytes: Uint8Array): ElementArray {
  const { array, bytes: size } = elementTypes[dtype]
  // `bytes.slice()` would not do: on a Buffer it gives a view at the same address.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
  return new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / size)
}

/** The elements as float32. */
export function asFloat32({ dtype, data }: NamedArray): Float32Array {
  if (data instanceof Float32Array) return data
  if (dtype === 'bfloat16') return new Float32Array(Uint32Array.from(data as Uint16Array, (bits) => bits << 16).buffer)
  if (dtype === 'float16') return Float32Array.from(data as Uint16Array, halfToNumber)
  return Float32Array.from(data as ArrayLike<number | bigint>, Number)
}

/** The value of an IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

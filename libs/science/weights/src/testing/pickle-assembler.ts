/** Parts of a pickle, put together by hand: what no honest program writes can only be written so. */
export type Part = string | number | readonly Part[]

/** Text becomes its bytes, a number one byte. */
export function assemble(...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => [
      ...(typeof part === 'number' ? [part] : typeof part === 'string' ? Buffer.from(part) : assemble(...part)),
    ]),
  )
}

export function uint32(value: number): Part {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]
}

export function uint64(value: bigint): Part {
  return [uint32(Number(value & 0xffffffffn)), uint32(Number(value >> 32n))]
}

export function text(value: string): Part {
  return ['X', uint32(value.length), value]
}

/** Up to 63 bits, with a sign. */
export function integer(value: bigint): Part {
  return [0x8a, 8, uint64(BigInt.asUintN(64, value))]
}

export function global(module: string, name: string): Part {
  return `c${module}\n${name}\n`
}

export function tuple(...items: readonly Part[]): Part {
  return ['(', items, 't']
}

/** A float32 storage by its persistent id. */
export function storage(key: string, elements: bigint, type = 'FloatStorage'): Part {
  return [tuple(text('storage'), global('torch', type), text(key), text('cpu'), integer(elements), 'N'), 'Q']
}

export function tensor(of: Part, offset: bigint, shape: readonly bigint[], strides: readonly bigint[]): Part {
  const sizes = (values: readonly bigint[]) => tuple(...values.map(integer))
  return [
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(of, integer(offset), sizes(shape), sizes(strides), 0x89, '}'),
    'R',
  ]
}

/** A dictionary of the names and values. */
export function dictionary(...items: readonly (readonly [string, Part])[]): Part {
  return ['}(', items.map(([name, value]) => [text(name), value]), 'u']
}

/**
 * A legacy file around the pickle of its checkpoint: magic number, protocol, system, then storages of float32 zeros by
 * key.
 */
export function legacyFile(
  checkpoint: Part,
  storages: Readonly<Record<string, number>> = {},
  system: Part = dictionary(['little_endian', 0x88]),
): Uint8Array {
  const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.']
  const keys = ['](', Object.keys(storages).map(text), 'e.']
  const contents = Object.values(storages).map((elements) => [
    uint64(BigInt(elements)),
    Array<Part>(4 * elements).fill(0),
  ])
  return assemble(
    magic,
    [0x80, 2, 'M', 0xe9, 3, '.'],
    [0x80, 2, system, '.'],
    [0x80, 2, checkpoint, '.'],
    [0x80, 2, keys],
    contents,
  )
}

/** Parts of a pickle, assembled by hand, since no library writes hostile ones. */
export type PicklePart = string | number | readonly PicklePart[]

/** Gives the bytes of text, and one byte for a number. */
export function assemble(...parts: readonly PicklePart[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => [
      ...(typeof part === 'number' ? [part] : typeof part === 'string' ? Buffer.from(part) : assemble(...part)),
    ]),
  )
}

export function uint32(value: number): PicklePart {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]
}

export function uint64(value: bigint): PicklePart {
  return [uint32(Number(value & 0xffffffffn)), uint32(Number(value >> 32n))]
}

export function text(value: string): PicklePart {
  return ['X', uint32(value.length), value]
}

/** A signed integer of up to 63 bits. */
export function integer(value: bigint): PicklePart {
  return [0x8a, 8, uint64(BigInt.asUintN(64, value))]
}

export function global(module: string, name: string): PicklePart {
  return `c${module}\n${name}\n`
}

export function tuple(...items: readonly PicklePart[]): PicklePart {
  return ['(', items, 't']
}

/** A call that Python would make when it loads the pickle. */
export function call(module: string, name: string, ...values: readonly PicklePart[]): PicklePart {
  return [global(module, name), tuple(...values), 'R']
}

/** A storage by its persistent id, float32 unless `type` is given. */
export function storage(key: string, elements: bigint, type = 'FloatStorage'): PicklePart {
  return [tuple(text('storage'), global('torch', type), text(key), text('cpu'), integer(elements), 'N'), 'Q']
}

export function tensor(
  of: PicklePart,
  offset: bigint,
  shape: readonly bigint[],
  strides: readonly bigint[],
): PicklePart {
  const sizes = (values: readonly bigint[]) => tuple(...values.map(integer))
  return [
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(of, integer(offset), sizes(shape), sizes(strides), 0x89, '}'),
    'R',
  ]
}

/** A dictionary with the names and values. */
export function dictionary(...items: readonly (readonly [string, PicklePart])[]): PicklePart {
  return ['}(', items.map(([name, value]) => [text(name), value]), 'u']
}

/**
 * A legacy file around the pickle of its checkpoint: magic number, protocol, system, and then storages of float32 zeros
 * by key.
 */
export function legacyFile(
  checkpoint: PicklePart,
  storages: Readonly<Record<string, number>> = {},
  system: PicklePart = dictionary(['little_endian', 0x88]),
): Uint8Array {
  const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.']
  const keys = ['](', Object.keys(storages).map(text), 'e.']
  const contents = Object.values(storages).map((elements) => [
    uint64(BigInt(elements)),
    Array<PicklePart>(4 * elements).fill(0),
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

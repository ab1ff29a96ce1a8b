import { inflateSync } from 'node:zlib'
import { InvalidDataset } from '../invalid-dataset.ts'

/** A value of a MATLAB file; arrays are flat, in MATLAB's order (first index fastest). */
export type MatValue = string | readonly number[] | readonly MatValue[] | readonly MatStruct[]
export interface MatStruct {
  readonly [field: string]: MatValue
}

/** Types of elements and classes of arrays ("MAT-File Format", tables 1-1 and 1-3). */
const [matrix, compressed] = [14, 15]
const [cellArray, structArray, charArray] = [1, 2, 4]
const [firstNumeric, lastNumeric] = [6, 15]
/** Bytes and kinds of numbers by element type. */
const numbers: Readonly<
  Record<number, readonly [bytes: number, read: (view: DataView, at: number, little: boolean) => number]>
> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getInt16(at, little)],
  4: [2, (view, at, little) => view.getUint16(at, little)],
  5: [4, (view, at, little) => view.getInt32(at, little)],
  6: [4, (view, at, little) => view.getUint32(at, little)],
  7: [4, (view, at, little) => view.getFloat32(at, little)],
  9: [8, (view, at, little) => view.getFloat64(at, little)],
  12: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  13: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  16: [1, (view, at) => view.getUint8(at)], // UTF-8
  17: [2, (view, at, little) => view.getUint16(at, little)], // UTF-16
}
const mostUnpacked = 256 * 2 ** 20
const deepest = 16

interface Element {
  readonly type: number
  readonly bytes: Uint8Array
}

/** The variables of a MATLAB file of version 5 to 7. Sparse arrays, objects and functions are passed over. */
export function readMatFile(bytes: Uint8Array, name: string): MatStruct {
  const reader = new MatReader(bytes, name)
  return reader.variables()
}

class MatReader {
  private readonly little: boolean

  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {
    const order = String.fromCharCode(bytes[126] ?? 0, bytes[127] ?? 0)
    this.little = order === 'IM'
    if (bytes.length < 128 || (order !== 'IM' && order !== 'MI'))
      throw this.invalid('is not a MATLAB file of version 5 to 7')
  }

  variables(): MatStruct {
    const found: Record<string, MatValue> = {}
    for (const element of this.elements(this.bytes.subarray(128))) {
      const { type, bytes } = element.type === compressed ? this.inflated(element.bytes) : element
      if (type !== matrix) continue
      const { name, value } = this.array(bytes, 0)
      if (value !== null) found[name] = value
    }
    return found
  }

  private inflated(bytes: Uint8Array): Element {
    try {
      const [element] = this.elements(inflateSync(bytes, { maxOutputLength: mostUnpacked }))
      return element ?? { type: 0, bytes }
    } catch (error) {
      if (error instanceof InvalidDataset) throw error
      throw this.invalid('does not unpack')
    }
  }

  /** Elements one after another; each begins at a multiple of 8 bytes, unless it is compressed. */
  private elements(bytes: Uint8Array): Element[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const found: Element[] = []
    for (let at = 0; at + 8 <= bytes.length;) {
      const tag = view.getUint32(at, this.little)
      const isSmall = tag >>> 16 !== 0 // up to 4 bytes lie in the tag itself
      const [type, size] = isSmall ? [tag & 0xffff, tag >>> 16] : [tag, view.getUint32(at + 4, this.little)]
      const start = at + (isSmall ? 4 : 8)
      if (start + size > bytes.length || (isSmall && size > 4)) throw this.invalid('ends early')
      found.push({ type, bytes: bytes.subarray(start, start + size) })
      at = isSmall ? at + 8 : start + (type === compressed ? size : Math.ceil(size / 8) * 8)
    }
    return found
  }

  /** An array: flags, dimensions, name and content. */
  private array(bytes: Uint8Array, depth: number): { readonly name: string; readonly value: MatValue | null } {
    if (depth > deepest) throw this.invalid('is nested too deeply')
    if (bytes.length === 0) return { name: '', value: [] }
    const [flags, dimensions, name, ...content] = this.elements(bytes)
    if (!flags || !dimensions || !name) throw this.invalid('has a damaged array')
    const kind = this.numbers(flags)[0]! & 0xff
    const count = this.numbers(dimensions).reduce((product, size) => product * size, 1)
    return { name: textOf(name.bytes), value: this.content(kind, count, content, depth) }
  }

  private content(kind: number, count: number, content: readonly Element[], depth: number): MatValue | null {
    if (kind === cellArray) return content.map(({ bytes }) => this.array(bytes, depth + 1).value ?? [])
    if (kind === structArray) return this.structs(count, content, depth)
    const first = content[0]
    if (kind === charArray) return first ? textOf(this.numbers(first)) : ''
    return kind >= firstNumeric && kind <= lastNumeric ? (first ? this.numbers(first) : []) : null
  }

  private structs(count: number, [length, names, ...values]: readonly Element[], depth: number): MatStruct[] {
    if (!length || !names) throw this.invalid('has a damaged struct')
    const width = this.numbers(length)[0] ?? 0
    if (width === 0) throw this.invalid('has a damaged struct')
    const text = textOf(names.bytes)
    const fields = Array.from({ length: Math.floor(text.length / width) }, (_, i) =>
      text.slice(i * width, (i + 1) * width).replace(/\0.*$/s, ''),
    )
    if (count * fields.length > values.length) throw this.invalid('ends early')
    return Array.from({ length: count }, (_, i) =>
      Object.fromEntries(
        fields.map((field, j) => [field, this.array(values[i * fields.length + j]!.bytes, depth + 1).value ?? []]),
      ),
    )
  }

  private numbers({ type, bytes }: Element): number[] {
    const number = numbers[type]
    if (!number) throw this.invalid(`has numbers of type ${type}`)
    const [size, read] = number
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => read(view, i * size, this.little))
  }

  private invalid(what: string): InvalidDataset {
    return new InvalidDataset(`${this.name} ${what}; fetch it again.`)
  }
}

/** Character by character, since a text may be longer than a call may have arguments. */
function textOf(codes: Iterable<number>): string {
  let text = ''
  for (const code of codes) text += String.fromCharCode(code)
  return text
}

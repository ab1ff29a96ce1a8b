/**
 * Reads and writes safetensors (github.com/huggingface/safetensors, README, "Format"): eight bytes with the length of
 * the header, a JSON header, and the tensors' bytes without holes, little-endian and row-major.
 */
import { bytesInMemory, type ByteSource } from '@gauntlet/files'
import { ByteCursor } from './byte-cursor.ts'
import { quoted, refuse } from './checkpoint-unreadable.ts'
import { elementCount, elementsOf, elementTypes, type ElementType, type NamedArray } from './named-array.ts'

const typeNames: Readonly<Record<ElementType, string>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
}
const elementTypeOf = new Map(Object.entries(typeNames).map(([type, name]) => [name, type as ElementType]))

/**
 * The largest header in bytes, twenty times what the largest backbone needs. The reference implementation allows 100
 * MB, which a hostile header turns into gigabytes of objects.
 */
const largestHeader = 2_000_000

/** The most axes of a tensor, as in PyTorch. */
const mostAxes = 64

export interface Safetensors {
  /** The tensors, in the order of their bytes. */
  readonly arrays: NamedArray[]
  readonly metadata: Readonly<Record<string, string>>
}

interface Entry {
  readonly name: string
  readonly dtype: ElementType
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

/** Reads a safetensors file, tensor by tensor. The arrays are views of bytes in memory where alignment allows it. */
export function readSafetensors(bytes: Uint8Array | ByteSource): Safetensors {
  const source = bytes instanceof Uint8Array ? bytesInMemory(bytes) : bytes
  const cursor = new ByteCursor(source)
  const length = cursor.length64()
  if (length > largestHeader) refuse(`its safetensors header is said to have ${length} bytes`)
  const header = parseHeader(cursor.text(length))
  const start = cursor.position
  const entries = [...header]
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => parseEntry(name, entry))
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  refuseHoles(entries, source.size - start)
  const metadata = parseMetadata(header.get('__metadata__'))
  const arrays = entries.map(({ name, dtype, shape, begin, end }) => ({
    name,
    dtype,
    shape,
    data: elementsOf(dtype, source.read(start + begin, end - begin)),
  }))
  return { arrays, metadata }
}

/**
 * Writes arrays as safetensors. The widest elements come first, and then the order is by name, so that the same arrays
 * always give the same bytes.
 */
export function writeSafetensors(
  arrays: readonly NamedArray[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Uint8Array {
  const sorted = [...arrays].sort(
    (a, b) => elementTypes[b.dtype].bytes - elementTypes[a.dtype].bytes || (a.name < b.name ? -1 : 1),
  )
  const header = headerOf(sorted, metadata)
  const start = 8 + header.byteLength
  const file = new Uint8Array(start + sorted.reduce((sum, { data }) => sum + data.byteLength, 0))
  new DataView(file.buffer).setBigUint64(0, BigInt(header.byteLength), true)
  file.set(header, 8)
  let position = start
  for (const { data } of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position)
    position += data.byteLength
  }
  return file
}

/** The JSON header, padded with spaces so that the tensors start at a multiple of eight bytes. */
function headerOf(arrays: readonly NamedArray[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries = new Map<string, unknown>([['__metadata__', Object.fromEntries(Object.entries(metadata).sort())]])
  let position = 0
  for (const { name, dtype, shape, data } of arrays) {
    if (entries.has(name)) throw new TypeError(`Two tensors are called ${name}; give each its own name.`)
    if (elementCount(shape) !== data.length)
      throw new TypeError(`${name} has ${data.length} elements for the shape [${shape.join(', ')}].`)
    entries.set(name, { dtype: typeNames[dtype], shape, data_offsets: [position, position + data.byteLength] })
    position += data.byteLength
  }
  // The header is written entry by entry, since an object would lose a tensor called `__proto__` and put one called `0`
  // first.
  const json = `{${[...entries].map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join()}}`
  const bytes = new TextEncoder().encode(json)
  const padded = new Uint8Array(Math.ceil(bytes.byteLength / 8) * 8).fill(0x20)
  padded.set(bytes)
  return padded
}

function parseHeader(text: string): Map<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(text)
  } catch {
    refuse('its safetensors header is not JSON')
  }
  // The reference implementation requires the brace to come first.
  if (!text.startsWith('{') || !isRecord(header)) refuse('its safetensors header is not an object')
  const entries = Object.entries(header)
  if (countKeys(text) !== entries.length) refuse('its safetensors header gives a name twice')
  return new Map(entries)
}

/**
 * The number of keys of the outermost object of a JSON text, equal keys included. `JSON.parse` drops the first of two
 * equal keys.
 */
function countKeys(json: string): number {
  let [keys, depth] = [0, 0]
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    else if (character === ':' && depth === 1) keys++
    else if (character === '"') at = endOfString(json, at)
  }
  return keys
}

/** The index of the quote that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at
}

function parseMetadata(metadata: unknown): Record<string, string> {
  if (metadata === undefined) return {}
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string'))
    refuse('its metadata is more than text')
  return metadata as Record<string, string>
}

function parseEntry(name: string, entry: unknown): Entry {
  if (!isRecord(entry)) refuse(`the header's entry for ${quoted(name)} is not an object`)
  const { dtype: typeName, shape, data_offsets: offsets } = entry
  if (typeof typeName !== 'string') refuse(`${quoted(name)} has no type`)
  const dtype = elementTypeOf.get(typeName) ?? refuse(`${quoted(name)} has the unknown type ${quoted(typeName)}`)
  if (!isSizes(shape) || shape.length > mostAxes || !isSizes(offsets) || offsets.length !== 2)
    refuse(`${quoted(name)} has no proper shape and offsets`)
  const [begin, end] = offsets as [number, number]
  const size = elementCount(shape) * elementTypes[dtype].bytes
  if (!Number.isSafeInteger(size) || end - begin !== size) {
    refuse(`${quoted(name)} has ${end - begin} bytes for ${dtype} of the shape [${shape.join(', ')}]`)
  }
  return { name, dtype, shape, begin, end }
}

/** Refuses tensors that overlap or leave holes: every byte belongs to exactly one tensor. */
function refuseHoles(entries: readonly Entry[], size: number): void {
  let position = 0
  for (const { name, begin, end } of entries) {
    if (begin !== position) refuse(`${quoted(name)} starts at byte ${begin} of the data where byte ${position} is next`)
    position = end
  }
  if (position !== size) refuse(`its tensors take ${position} bytes and the file has ${size}`)
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

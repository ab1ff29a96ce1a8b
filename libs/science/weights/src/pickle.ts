/**
 * Reads pickles (CPython, Lib/pickletools.py) of plain data and PyTorch tensors. It is no full unpickler: only a few
 * functions of ours are called, and other values of a training script are skipped. `mostOpcodes` bounds work and
 * memory.
 */
import type { ByteCursor } from './byte-cursor.ts'
import { quoted, refuse } from './checkpoint-unreadable.ts'
import { globalOf, storageReference } from './pickle-globals.ts'
import {
  AllowedGlobal,
  Opaque,
  PickleTuple,
  type PickleMap,
  type PickleValue,
  type StorageReference,
} from './pickle-values.ts'

/**
 * The most opcodes of a pickle. About 50 describe a tensor, and an optimiser keeps two or three tensors for each of the
 * model's.
 */
const mostOpcodes = 500_000
/** Longer text is not a name, and is skipped. */
const longestText = 2 ** 16

interface Machine {
  readonly cursor: ByteCursor
  readonly stack: PickleValue[]
  /** The heights of the stack at which a MARK was set. */
  readonly marks: number[]
  readonly memo: Map<number, PickleValue>
  readonly storages: Map<string, StorageReference>
}

export interface Pickle {
  readonly value: PickleValue
  /** Every storage that the pickle refers to, by key. */
  readonly storages: ReadonlyMap<string, StorageReference>
}

const stop = 0x2e

/** Reads the pickle at the cursor, and leaves the cursor after it. */
export function readPickle(cursor: ByteCursor): Pickle {
  const machine: Machine = { cursor, stack: [], marks: [], memo: new Map(), storages: new Map() }
  for (let count = 0; count < mostOpcodes; count++) {
    const code = cursor.uint8()
    if (code === stop) {
      if (machine.stack.length !== 1 || machine.marks.length > 0) refuse('its pickle leaves no single value')
      return { value: machine.stack[0]!, storages: machine.storages }
    }
    const run =
      opcodes.get(code) ??
      refuse(`its pickle has the opcode 0x${code.toString(16).padStart(2, '0')}, which no checkpoint needs`)
    run(machine)
  }
  return refuse(`its pickle has more than ${mostOpcodes} opcodes`)
}

const push = (read: (cursor: ByteCursor) => PickleValue) => (machine: Machine) =>
  void machine.stack.push(read(machine.cursor))

/** Opcodes by pickletools' names. */
const opcodes: ReadonlyMap<number, (machine: Machine) => void> = new Map([
  [0x80, ({ cursor }) => void (cursor.uint8() > 5 && refuse('its pickle has a protocol newer than 5'))], // PROTO
  [0x95, ({ cursor }) => void cursor.skip(8)], // FRAME
  [0x28, ({ marks, stack }) => void marks.push(stack.length)], // MARK
  [0x30, (machine) => popAnything(machine)], // POP
  [0x31, (machine) => void popToMark(machine)], // POP_MARK
  [0x32, (machine) => void machine.stack.push(top(machine))], // DUP
  [0x4e, push(() => null)], // NONE
  [0x88, push(() => true)], // NEWTRUE
  [0x89, push(() => false)], // NEWFALSE
  [0x4a, push((cursor) => cursor.int32())], // BININT
  [0x4b, push((cursor) => cursor.uint8())], // BININT1
  [0x4d, push((cursor) => cursor.uint16())], // BININT2
  [0x8a, push((cursor) => readLong(cursor, cursor.uint8()))], // LONG1
  [0x8b, push((cursor) => readLong(cursor, cursor.int32()))], // LONG4
  [0x47, push((cursor) => cursor.float64BigEndian())], // BINFLOAT
  [0x58, push((cursor) => readText(cursor, cursor.uint32()))], // BINUNICODE
  [0x8c, push((cursor) => readText(cursor, cursor.uint8()))], // SHORT_BINUNICODE
  [0x8d, push((cursor) => readText(cursor, cursor.length64()))], // BINUNICODE8
  [0x54, push((cursor) => readTextOrBytes(cursor, cursor.int32()))], // BINSTRING
  [0x55, push((cursor) => readTextOrBytes(cursor, cursor.uint8()))], // SHORT_BINSTRING
  [0x42, push((cursor) => skipBytes(cursor, cursor.uint32()))], // BINBYTES
  [0x43, push((cursor) => skipBytes(cursor, cursor.uint8()))], // SHORT_BINBYTES
  [0x8e, push((cursor) => skipBytes(cursor, cursor.length64()))], // BINBYTES8
  [0x96, push((cursor) => skipBytes(cursor, cursor.length64()))], // BYTEARRAY8
  [0x5d, push(() => [])], // EMPTY_LIST
  [0x7d, push(() => new Map())], // EMPTY_DICT
  [0x8f, push(() => new Opaque('set'))], // EMPTY_SET
  [0x29, push(() => new PickleTuple([]))], // EMPTY_TUPLE
  [0x85, (machine) => pushTuple(machine, 1)], // TUPLE1
  [0x86, (machine) => pushTuple(machine, 2)], // TUPLE2
  [0x87, (machine) => pushTuple(machine, 3)], // TUPLE3
  [0x74, (machine) => void machine.stack.push(new PickleTuple(popToMark(machine)))], // TUPLE
  [0x91, (machine) => void (popToMark(machine), machine.stack.push(new Opaque('frozenset')))], // FROZENSET
  [0x61, (machine) => append(machine, [pop(machine)])], // APPEND
  [0x65, (machine) => append(machine, popToMark(machine))], // APPENDS
  [0x73, (machine) => setItems(machine, [pop(machine), pop(machine)].reverse())], // SETITEM
  [0x75, (machine) => setItems(machine, popToMark(machine))], // SETITEMS
  [0x90, (machine) => addToSet(machine)], // ADDITEMS
  [0x71, (machine) => memoise(machine, machine.cursor.uint8())], // BINPUT
  [0x72, (machine) => memoise(machine, machine.cursor.uint32())], // LONG_BINPUT
  [0x94, (machine) => memoise(machine, machine.memo.size)], // MEMOIZE
  [0x68, (machine) => recall(machine, machine.cursor.uint8())], // BINGET
  [0x6a, (machine) => recall(machine, machine.cursor.uint32())], // LONG_BINGET
  [0x63, push((cursor) => globalOf(cursor.line(), cursor.line()))], // GLOBAL
  [0x93, (machine) => pushNamedGlobal(machine)], // STACK_GLOBAL
  [0x51, (machine) => pushStorage(machine)], // BINPERSID
  [0x52, (machine) => reduce(machine)], // REDUCE
  [0x81, (machine) => pushObject(machine, [pop(machine), pop(machine)].at(-1)!)], // NEWOBJ
  [0x92, (machine) => pushObject(machine, [pop(machine), pop(machine), pop(machine)].at(-1)!)], // NEWOBJ_EX
  [0x69, (machine) => pushInstance(machine)], // INST
  [0x6f, (machine) => pushObject(machine, popToMark(machine)[0] ?? null)], // OBJ
  [0x62, (machine) => build(machine)], // BUILD
] satisfies [number, (machine: Machine) => void][])

/** Removes the top value, but no value below the last mark. */
function pop({ stack, marks }: Machine): PickleValue {
  if (stack.length <= (marks.at(-1) ?? 0)) refuse('its pickle takes a value that is not there')
  return stack.pop()!
}

/** Removes the top value, or a mark that is on top. */
function popAnything(machine: Machine): void {
  if (machine.marks.at(-1) === machine.stack.length) machine.marks.pop()
  else pop(machine)
}

function popToMark({ stack, marks }: Machine): PickleValue[] {
  return stack.splice(marks.pop() ?? refuse('its pickle closes what it did not open'))
}

function top({ stack, marks }: Machine): PickleValue {
  if (stack.length <= (marks.at(-1) ?? 0)) refuse('its pickle uses a value that is not there')
  return stack.at(-1)!
}

function pushTuple(machine: Machine, size: number): void {
  const items = Array.from({ length: size }, () => pop(machine)).reverse()
  machine.stack.push(new PickleTuple(items))
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const list = top(machine)
  if (list instanceof Opaque) return
  if (!Array.isArray(list)) refuse('its pickle appends to something that is not a list')
  for (const item of items) list.push(item)
}

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  const map = top(machine)
  if (map instanceof Opaque) return
  if (!(map instanceof Map) || items.length % 2 !== 0)
    refuse('its pickle sets items of something that is not a dictionary')
  for (let i = 0; i < items.length; i += 2) setItem(map, items[i]!, items[i + 1]!)
}

/** Refuses a key that is set twice. Python never pickles such a dictionary, and the first value would be hidden. */
function setItem(map: PickleMap, key: PickleValue, value: PickleValue): void {
  if (map.has(key)) refuse(`it has a dictionary with ${typeof key === 'string' ? quoted(key) : 'a key'} twice`)
  map.set(key, value)
}

function addToSet(machine: Machine): void {
  popToMark(machine)
  if (!(top(machine) instanceof Opaque)) refuse('its pickle adds to something that is not a set')
}

function memoise(machine: Machine, index: number): void {
  machine.memo.set(index, top(machine))
}

function recall({ stack, memo }: Machine, index: number): void {
  stack.push(memo.has(index) ? memo.get(index)! : refuse('its pickle recalls a value it never had'))
}

function pushNamedGlobal(machine: Machine): void {
  const [name, module] = [pop(machine), pop(machine)]
  if (typeof module !== 'string' || typeof name !== 'string') refuse('its pickle asks for a global without a name')
  machine.stack.push(globalOf(module, name))
}

/** Refuses a storage that is referred to with two sizes or types. */
function pushStorage(machine: Machine): void {
  const storage = storageReference(pop(machine))
  const known = machine.storages.get(storage.key) ?? storage
  if (known.dtype !== storage.dtype || known.elements !== storage.elements) refuse('it calls one storage two sizes')
  machine.storages.set(storage.key, known)
  machine.stack.push(known)
}

function reduce(machine: Machine): void {
  const [values, callee] = [pop(machine), pop(machine)]
  if (callee instanceof Opaque) return pushObject(machine, callee)
  if (!(callee instanceof AllowedGlobal) || !callee.call || !(values instanceof PickleTuple))
    refuse('its pickle calls something that is not a function')
  machine.stack.push(callee.call(values.items))
}

function pushInstance(machine: Machine): void {
  const { cursor } = machine
  const type = globalOf(cursor.line(), cursor.line())
  popToMark(machine)
  pushObject(machine, type)
}

/** Pushes an opaque value for an object of a class, which is not made. */
function pushObject({ stack }: Machine, type: PickleValue): void {
  stack.push(
    type instanceof Opaque
      ? new Opaque(type.name)
      : refuse('its pickle makes an object of something that is not a class'),
  )
}

/** Skips the state that is set on a value. PyTorch sets `_metadata` on its dictionaries, which no tensor needs. */
function build(machine: Machine): void {
  pop(machine)
  const value = top(machine)
  if (!(value instanceof Map) && !(value instanceof Opaque))
    refuse('its pickle sets the state of something that is not a dictionary')
}

/**
 * An integer in two's complement, little-endian. An integer that a number does not hold exactly, such as a seed, is not
 * a size.
 */
function readLong(cursor: ByteCursor, count: number): PickleValue {
  if (count > 8) return skipBytes(cursor, count)
  const hexadecimal = [...cursor.take(count)].reverse().map((byte) => byte.toString(16).padStart(2, '0'))
  const value = Number(BigInt.asIntN(8 * count, BigInt(`0x${hexadecimal.join('') || '0'}`)))
  return Number.isSafeInteger(value) ? value : new Opaque('int')
}

function readText(cursor: ByteCursor, count: number): PickleValue {
  return count > longestText ? skipBytes(cursor, count) : cursor.text(count)
}

/** Reads a string of Python 2, which wrote text and bytes alike. */
function readTextOrBytes(cursor: ByteCursor, count: number): PickleValue {
  if (count > longestText) return skipBytes(cursor, count)
  const bytes = cursor.take(count)
  const text = new TextDecoder().decode(bytes)
  return text.includes('\ufffd') ? new Opaque('bytes') : text
}

function skipBytes(cursor: ByteCursor, count: number): Opaque {
  cursor.skip(count)
  return new Opaque('bytes')
}

/**
 * Reads checkpoints of `torch.save` (pytorch/torch/serialization.py): the zip archive of PyTorch ≥ 1.6, and the format
 * before it.
 */
import { bytesInMemory, readZipDirectory, type ByteSource, type ZipMember } from '@gauntlet/files'
import { crc32 } from 'node:zlib'
import { ByteCursor } from './byte-cursor.ts'
import { quoted, refuse } from './checkpoint-unreadable.ts'
import { elementsOf, elementTypes } from './named-array.ts'
import { readPickle, type Pickle } from './pickle.ts'
import type { StorageReference } from './pickle-values.ts'
import { readState, type TorchState } from './pytorch-state.ts'

/** The pickled `MAGIC_NUMBER`, 0x1950a86a20f9469cfc6c: PROTO 2, LONG1 of ten bytes, STOP. */
const legacyMagic = Uint8Array.of(
  0x80,
  0x02,
  0x8a,
  0x0a,
  0x6c,
  0xfc,
  0x9c,
  0x46,
  0xf9,
  0x20,
  0x6a,
  0xa8,
  0x50,
  0x19,
  0x2e,
)
/** Members of an archive: some ten times what a training state of the largest backbone has. */
const mostMembers = 50_000
const zipMagic = Uint8Array.of(0x50, 0x4b, 0x03, 0x04)

/** Whether a file starts as `torch.save` starts it. */
export function isPyTorchCheckpoint(source: ByteSource): boolean {
  return startsWith(source, legacyMagic) || startsWith(source, zipMagic)
}

/**
 * The tensors of a state dictionary, and where in the file it is. Nothing in the file is executed, and only the bytes
 * of these tensors are read. Arrays may be views of bytes in memory.
 */
export function readPyTorchCheckpoint(bytes: Uint8Array | ByteSource): TorchState {
  const source = bytes instanceof Uint8Array ? bytesInMemory(bytes) : bytes
  if (startsWith(source, zipMagic)) return readArchive(source)
  return startsWith(source, legacyMagic) ? readLegacy(source) : refuse('it is not a file of torch.save')
}

/**
 * Reads the format before PyTorch 1.6: magic number, protocol, system, the pickle, the list of storage keys, and then
 * each storage, as its number of elements and its bytes.
 */
function readLegacy(source: ByteSource): TorchState {
  const cursor = new ByteCursor(source, legacyMagic.byteLength)
  if (readPickle(cursor).value !== 1001) refuse('its protocol is not 1001')
  const system = readPickle(cursor).value
  if (!(system instanceof Map) || system.get('little_endian') !== true) refuse('it was written on a big-endian machine')
  const pickle = readPickle(cursor)
  const keys = readPickle(cursor).value
  if (!Array.isArray(keys) || keys.length !== pickle.storages.size)
    refuse('its list of storages is not that of its tensors')
  const starts = new Map<string, number>()
  for (const key of keys) {
    const storage = pickle.storages.get(String(key)) ?? refuse('its list of storages is not that of its tensors')
    if (starts.has(storage.key) || cursor.length64() !== storage.elements)
      refuse('its storages are not of the size their tensors say')
    starts.set(storage.key, cursor.skip(sizeOf(storage)))
  }
  if (cursor.position !== source.size) refuse('it goes on after its last tensor')
  const read = (storage: StorageReference) => source.read(starts.get(storage.key)!, sizeOf(storage))
  return stateOf(pickle, read, source.size)
}

/** Reads a zip archive without compression, of `<name>/data.pkl` and a file `<name>/data/<key>` for each storage. */
function readArchive(source: ByteSource): TorchState {
  const files = readZipDirectory(source, refuse, mostMembers)
  for (const { name, method } of files.values())
    if (method !== 0) refuse(`its member ${quoted(name)} is compressed, which torch.save never does`)
  const pickles = [...files.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name))
  if (pickles.length > 1) refuse('it is a zip archive with several data.pkl')
  const pickled = pickles[0] ?? refuse('it is a zip archive without data.pkl')
  const folder = pickled.name.slice(0, -'data.pkl'.length)
  const order = files.get(`${folder}byteorder`)
  if (order && new ByteCursor(source, order.start).text(Math.min(order.size, 16)) !== 'little')
    refuse('it was written on a big-endian machine')
  const pickle = readPickle(new ByteCursor(contentOf(pickled, source)))
  const members = new Map<string, ZipMember>()
  for (const storage of pickle.storages.values()) {
    const file = files.get(`${folder}data/${storage.key}`) ?? refuse(`it lacks the storage ${quoted(storage.key)}`)
    if (file.size !== sizeOf(storage)) refuse('its storages are not of the size their tensors say')
    members.set(storage.key, file)
  }
  return stateOf(pickle, (storage) => contentOf(members.get(storage.key)!, source), source.size)
}

/** The bytes of a stored member. `torch.save` notes 0 for their CRC-32 where it is told not to compute it. */
function contentOf({ name, start, size, crc }: ZipMember, source: ByteSource): Uint8Array {
  const bytes = source.read(start, size)
  if (crc !== 0 && crc32(bytes) !== crc)
    refuse(`its member ${quoted(name)} is damaged: its bytes are not those that were written`)
  return bytes
}

/** The tensors of a pickle. A storage is read when the first tensor needs it, so those of an optimiser never are. */
function stateOf({ value }: Pickle, read: (storage: StorageReference) => Uint8Array, size: number): TorchState {
  return readState(value, (storage) => elementsOf(storage.dtype, read(storage)), size)
}

function sizeOf({ dtype, elements }: StorageReference): number {
  return elements * elementTypes[dtype].bytes
}

function startsWith(source: ByteSource, magic: Uint8Array): boolean {
  if (source.size < magic.byteLength) return false
  const start = source.read(0, magic.byteLength)
  return magic.every((byte, i) => start[i] === byte)
}

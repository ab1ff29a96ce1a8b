import { bytesInMemory, withBytesOfFile, type ByteSource } from '@gauntlet/files'
import { refuse } from './checkpoint-unreadable.ts'
import type { NamedArray } from './named-array.ts'
import { refuseOtherFormats } from './other-formats.ts'
import { isPyTorchCheckpoint, readPyTorchCheckpoint } from './pytorch-checkpoint.ts'
import { readSafetensors } from './safetensors.ts'

/** The largest file that is read, in GiB. The largest model of the catalogue has a checkpoint of 7. */
const largestFile = 16

/** The tensors of a checkpoint file, and what else its reader should know of it. */
export interface CheckpointFile {
  readonly arrays: NamedArray[]
  /** The text that a safetensors file carries beside its tensors; empty for other files. */
  readonly metadata: Readonly<Record<string, string>>
  /** What was done to find the tensors, a sentence each: which of several dictionaries they were taken from. */
  readonly notes: readonly string[]
}

/**
 * The tensors of a checkpoint file, which is safetensors or of `torch.save` in either format. Each is read into a
 * buffer of its own, so that they take as much memory as they have bytes, and a tensor that is dropped frees its own.
 */
export function readCheckpoint(path: string): NamedArray[] {
  return openCheckpoint(path).arrays
}

/** As `readCheckpoint`, with what else the file says. */
export function openCheckpoint(path: string): CheckpointFile {
  return withBytesOfFile(path, parse, refuse)
}

/** The tensors of a checkpoint's bytes. The first bytes tell the format. */
export function parseCheckpoint(bytes: Uint8Array): NamedArray[] {
  return parse(bytesInMemory(bytes)).arrays
}

function parse(source: ByteSource): CheckpointFile {
  const size = source.size / 2 ** 30
  if (size > largestFile)
    refuse(`it has ${size.toFixed(1)} GiB, and at most ${largestFile} GiB are read`, 'give a smaller file, or several')
  if (isPyTorchCheckpoint(source)) return { metadata: {}, ...readPyTorchCheckpoint(source) }
  refuseOtherFormats(source)
  const { arrays, metadata } = readSafetensors(source)
  return { ...withSharedNames(arrays, metadata), metadata }
}

/**
 * Gives shared tensors all their names again. `safetensors.torch.save_model` writes such a tensor once, and the
 * metadata say which name stands for each name that it left out.
 */
function withSharedNames(
  arrays: NamedArray[],
  metadata: Readonly<Record<string, string>>,
): Pick<CheckpointFile, 'arrays' | 'notes'> {
  const byName = new Map(arrays.map((array) => [array.name, array]))
  const restored = Object.entries(metadata).flatMap(([name, kept]) => {
    const array = byName.get(kept)
    return array && !byName.has(name) ? [{ ...array, name }] : []
  })
  if (restored.length === 0) return { arrays, notes: [] }
  const notes = [`${restored.length} shared tensors have the names again that the file's metadata give them`]
  return { arrays: [...arrays, ...restored], notes }
}

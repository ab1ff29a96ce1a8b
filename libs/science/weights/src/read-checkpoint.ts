import { bytesInMemory, withBytesOfFile, type ByteSource } from '@gauntlet/files'
import { refuse } from './checkpoint-unreadable.ts'
import type { NamedArray } from './named-array.ts'
import { isPyTorchCheckpoint, readPyTorchCheckpoint } from './pytorch-checkpoint.ts'
import { readSafetensors } from './safetensors.ts'

/** No backbone comes near; what is larger is something else. */
const largestFile = 4 * 2 ** 30

/**
 * The tensors of a checkpoint file, whichever of the formats it has: safetensors, or `torch.save` of either kind. Each
 * is read into memory of its own, so that they take as much as they are, and those nobody keeps can go.
 */
export function readCheckpoint(path: string): NamedArray[] {
  return withBytesOfFile(path, parse, refuse)
}

/** The tensors of a checkpoint's bytes, told apart by how they start. */
export function parseCheckpoint(bytes: Uint8Array): NamedArray[] {
  return parse(bytesInMemory(bytes))
}

function parse(source: ByteSource): NamedArray[] {
  if (source.size > largestFile) refuse(`it has ${source.size} bytes`)
  if (isPyTorchCheckpoint(source)) return readPyTorchCheckpoint(source)
  if (source.size < 9 || source.read(8, 1)[0] !== '{'.charCodeAt(0))
    refuse('it is neither safetensors nor a file of torch.save')
  return readSafetensors(source).arrays
}

import { bytesInMemory, withBytesOfFile, type ByteSource } from '@gauntlet/files'
import { refuse } from './checkpoint-unreadable.ts'
import type { NamedArray } from './named-array.ts'
import { isPyTorchCheckpoint, readPyTorchCheckpoint } from './pytorch-checkpoint.ts'
import { readSafetensors } from './safetensors.ts'

/** The largest file that is read, in bytes. No backbone comes near it. */
const largestFile = 4 * 2 ** 30

/**
 * The tensors of a checkpoint file, which is safetensors or of `torch.save` in either format. Each is read into a
 * buffer of its own, so that they take as much memory as they have bytes, and a tensor that is dropped frees its own.
 */
export function readCheckpoint(path: string): NamedArray[] {
  return withBytesOfFile(path, parse, refuse)
}

/** The tensors of a checkpoint's bytes. The first bytes tell the format. */
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

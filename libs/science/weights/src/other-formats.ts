import type { ByteSource } from '@gauntlet/files'
import { refuse } from './checkpoint-unreadable.ts'

interface OtherFormat {
  /** What the first bytes of such a file match, read as Latin-1. */
  readonly start: RegExp
  readonly what: string
  readonly remedy: string
}

/** What people take for a checkpoint, by its first bytes. */
const otherFormats: readonly OtherFormat[] = [
  {
    start: /^version https:\/\/git-lfs/,
    what: 'it is a Git LFS pointer, which only names the file',
    remedy: 'run git lfs pull in its repository, or download the file itself',
  },
  {
    start: /^\s*<(?:!doctype html|html|head|\?xml|!--)/i,
    what: 'it is a web page, such as a login or a page about the file',
    remedy: 'download the file itself by its direct link, signed in where that is needed',
  },
  {
    start: /^\s*\{[^]*"weight_map"/,
    what: 'it is the index of a checkpoint in several files',
    remedy: 'load them in PyTorch and save the state dictionary as one safetensors file',
  },
  {
    start: /^\s*[{[]/,
    what: 'it is JSON',
    remedy: 'give the file with the weights, not a configuration or an error message',
  },
  {
    start: /^\x89HDF\r\n/,
    what: 'it is an HDF5 file, as Keras writes them',
    remedy: 'load the model in PyTorch and save its state dictionary as safetensors',
  },
  {
    start: /^(?:[^]\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)/,
    what: 'it is compressed',
    remedy: 'decompress it first',
  },
]

/** Refuses what is not safetensors, and says what it is where its first bytes tell. */
export function refuseOtherFormats(source: ByteSource): void {
  if (source.size === 0) refuse('it is empty')
  const start = Buffer.from(source.read(0, Math.min(source.size, 512))).toString('latin1')
  if (source.size >= 9 && start[8] === '{' && !/^\s*[{[]/.test(start)) return
  const found = otherFormats.find((format) => format.start.test(start))
  if (found) refuse(found.what, found.remedy)
  refuse('it is neither safetensors nor a file of torch.save')
}

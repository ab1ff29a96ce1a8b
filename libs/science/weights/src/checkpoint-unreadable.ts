/** A checkpoint file is not what it says, is damaged, or holds more than tensors; a retry does not help. */
export class CheckpointUnreadable extends Error {
  override readonly name = 'CheckpointUnreadable'
}

/** Refuses a checkpoint: what is wrong with it, then what to do about it. */
export function refuse(wrong: string): never {
  throw new CheckpointUnreadable(
    `The checkpoint cannot be read: ${wrong}; fetch it again, or save it from PyTorch as safetensors.`,
  )
}

/** A name as the file has it, for a sentence: quoted, on one line, and short, since names may be as long as files. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name)
}

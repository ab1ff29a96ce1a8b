/** A checkpoint file has another format, is damaged, or contains more than tensors. A retry does not help. */
export class CheckpointUnreadable extends Error {
  override readonly name = 'CheckpointUnreadable'
}

/** Refuses a checkpoint. The message says what is wrong and what to do about it. */
export function refuse(wrong: string, remedy = 'fetch it again, or save it from PyTorch as safetensors'): never {
  throw new CheckpointUnreadable(`The checkpoint cannot be read: ${wrong}; ${remedy}.`)
}

/** A name from the file, for a sentence: quoted, on one line and short, since a name may be as long as the file. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name)
}

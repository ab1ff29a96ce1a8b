import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files that make_checkpoints.py writes. */
export const smallCheckpoints = ['legacy.pt', 'archive.pt', 'small.safetensors'] as const

export function smallCheckpoint(name: (typeof smallCheckpoints)[number]): Uint8Array {
  return new Uint8Array(readFileSync(join(import.meta.dirname, name)))
}

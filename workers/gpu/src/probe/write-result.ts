import { writeFileAtomically } from '@gauntlet/files'
import { InvalidInput } from '@gauntlet/study'
import { writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Refuses a place where nothing can be written, before anything is computed. */
export function requireWritable(out: string): void {
  const folder = dirname(out)
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    throw new InvalidInput(
      `Nothing can be written to ${folder}; give --out a path in a folder that is there and writable.`,
    )
  }
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory())
    throw new InvalidInput(`${out} is a folder; give --out the path of a file.`)
}

/** Writes safetensors atomically. */
export async function writeResult(out: string, arrays: readonly NamedArray[]): Promise<void> {
  await writeFileAtomically(out, writeSafetensors(arrays))
}

import { writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { accessSync, constants, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ProbeInputInvalid } from './probe-input-invalid.ts'

/** Refuses a place where nothing can be written, before anything is computed. */
export function requireWritable(out: string): void {
  const folder = dirname(out)
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    throw new ProbeInputInvalid(
      `Nothing can be written to ${folder}; give --out a path in a folder that is there and writable.`,
    )
  }
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory())
    throw new ProbeInputInvalid(`${out} is a folder; give --out the path of a file.`)
}

/** Writes safetensors atomically. */
export function writeResult(out: string, arrays: readonly NamedArray[]): void {
  writeBytes(out, writeSafetensors(arrays))
}

/** Writes a file atomically: it is complete or does not change. */
export function writeBytes(out: string, bytes: Uint8Array): void {
  const draft = `${out}.${process.pid}.part`
  writeFileSync(draft, bytes)
  renameSync(draft, out)
}

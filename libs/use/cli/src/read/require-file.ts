import { stat } from 'node:fs/promises'
import { Misuse } from '../command-failed.ts'

/** Throws `Misuse` unless there is such a file. `what` it is to be is said then. */
export async function requireFile(path: string, what: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (!found) throw new Misuse(`There is no file ${path}; give ${what}.`)
  if (found.isDirectory()) throw new Misuse(`${path} is a folder; give ${what}.`)
}

/** Throws `Misuse` where a file that is to be written is one of those that are read, under whatever name. */
export async function requireOtherFile(path: string, read: readonly string[]): Promise<void> {
  const found = await stat(path).catch(() => null)
  for (const one of found ? read : []) {
    const other = await stat(one).catch(() => null)
    if (other?.dev === found?.dev && other?.ino === found?.ino)
      throw new Misuse(`${path} is read, and would be written over; name another file to write.`)
  }
}

/** Throws `Misuse` where a folder is in the place of a file that is to be written. */
export async function requireNoFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) throw new Misuse(`${path} is a folder; name a file to write.`)
}

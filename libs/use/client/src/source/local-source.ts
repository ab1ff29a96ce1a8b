import { resolve } from 'node:path'

/**
 * A source as it is used from anywhere: a file that is named by a relative path lies relative to `folder`, which is
 * that of the study file, in commands and workers alike. Other sources stay as they are.
 */
export function placeOf(source: string, folder: string): string {
  const path = source.startsWith('file:') ? source.slice('file:'.length) : '/'
  return path.startsWith('/') ? source : `file:${resolve(folder, path)}`
}

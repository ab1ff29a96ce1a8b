import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it, one by one. With `recursive`, Node's `mkdirSync` never returns where /proc refuses
 * one, and says of a read-only disk that there is no such folder.
 * @param {string} folder
 */
export function makeFolder(folder) {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error // another process was first
  }
}

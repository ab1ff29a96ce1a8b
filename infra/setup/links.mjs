import { lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'

/** A link at `path` to `file`. @typedef {{ path: string, file: string }} Link */

/** @param {Link} link */
export function isLinked({ path, file }) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(path) === file
}

/** @param {Link} wanted */
export function link(wanted) {
  if (isLinked(wanted)) return
  const { path, file } = wanted
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  rmSync(temporary, { force: true })
  symlinkSync(file, temporary)
  renameSync(temporary, path)
}

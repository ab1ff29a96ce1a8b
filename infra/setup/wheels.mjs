import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { download } from '../../libs/record/sources/src/download.mjs'
import { exclusively } from '../../libs/record/files/src/exclusive.mjs'
import { findWheel } from '../../libs/record/sources/src/package-index.mjs'
import { cacheFolder } from './cache.mjs'
import { SetUpFailed } from './set-up-failed.mjs'
import { unpackWheel } from './unpack-wheel.mjs'

/**
 * @typedef {object} Wheel a Python wheel, of which only libraries and headers are taken
 * @property {string} project
 * @property {string} file
 * @property {string} sha256
 * @property {number} size bytes
 */

/**
 * @typedef {object} WheelSet wheels that are unpacked into one folder
 * @property {string} what is installed, in messages
 * @property {readonly Wheel[]} wheels
 * @property {number} unpackedSize bytes on the disk afterwards, about
 */

/**
 * @typedef {{ report: (text: string) => void, signal?: AbortSignal | undefined, environment?: NodeJS.ProcessEnv,
 * pause?: number }} Options
 *   pause: milliseconds before an interrupted request is repeated
 */

/** @param {string} project @param {string} file @param {string} sha256 @param {number} size @returns {Wheel} */
export function wheel(project, file, sha256, size) {
  return { project, file, sha256, size }
}

/**
 * Fetches wheels and unpacks what `place` gives a place into `folder`, which appears at once and whole. Files of an
 * older folder whose names `keeps` accepts are carried over. Does nothing where `isPresent` says so.
 * @param {WheelSet} set
 * @param {string} folder
 * @param {{ place: (member: string) => string | undefined, isPresent: () => boolean, keeps?: RegExp }} contents
 * @param {Options} options
 */
export async function installWheels(set, folder, { place, isPresent, keeps }, options) {
  const { report, signal } = options
  const action = async () => {
    if (isPresent()) return
    requireRoom(set, dirname(folder))
    const fresh = `${folder}.new`
    rmSync(fresh, { recursive: true, force: true })
    const wheels = await fetchWheels(set.wheels, options)
    for (const file of wheels) {
      const onProgress = (/** @type {number} */ done, /** @type {number} */ total) =>
        report(`unpacking ${megabytes(done)} of ${megabytes(total)} MB`)
      await unpackWheel(file, fresh, place, { onProgress, signal })
    }
    if (keeps && existsSync(folder))
      for (const name of readdirSync(folder)) if (keeps.test(name)) copyFileSync(join(folder, name), join(fresh, name))
    replaceFolder(folder, fresh)
    for (const file of wheels) rmSync(file)
  }
  await exclusively(`${folder}.lock`, action, { signal, onWait: () => report('another set-up is installing it') })
}

/**
 * Puts a folder into the place of another, which processes may be about to load a library from.
 * @param {string} folder
 * @param {string} fresh
 */
function replaceFolder(folder, fresh) {
  const old = `${folder}.old`
  rmSync(old, { recursive: true, force: true })
  if (existsSync(folder)) renameSync(folder, old)
  renameSync(fresh, folder)
  rmSync(old, { recursive: true, force: true })
}

/** @param {readonly Wheel[]} wheels @param {Options} options @returns {Promise<string[]>} */
async function fetchWheels(wheels, { report, signal, environment = process.env, pause }) {
  const total = wheels.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  const files = []
  for (const { project, file, sha256, size } of wheels) {
    const target = join(cacheFolder(environment), 'downloads', file)
    const onProgress = ({ received = 0 }) =>
      report(`fetching ${megabytes(before + received)} of ${megabytes(total)} MB`)
    const { url } = existsSync(target)
      ? { url: 'https://pypi.org' }
      : await findWheel(project, file, { signal, pause }, environment)
    files.push(
      await download({ url, sha256, file: target, onProgress, signal, ...(pause === undefined ? {} : { pause }) }),
    )
    before += size
  }
  return files
}

/** Says that the disk is too small before anything is fetched. @param {WheelSet} set @param {string} folder */
export function requireRoom({ what, wheels, unpackedSize }, folder) {
  mkdirSync(folder, { recursive: true })
  const { bavail, bsize } = statfsSync(folder)
  const needed = unpackedSize + wheels.reduce((sum, { size }) => sum + size, 0)
  if (bavail * bsize >= needed) return
  const have = `${folder} has ${megabytes(bavail * bsize)} MB`
  throw new SetUpFailed(
    `The ${what} needs ${megabytes(needed)} MB and ${have}; free some space or set GAUNTLET_CACHE to a folder on a larger disk.`,
  )
}

/** @param {number} bytes */
function megabytes(bytes) {
  return Math.round(bytes / 1e6)
}

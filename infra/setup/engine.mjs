import { existsSync, lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, statfsSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { exclusively } from '../../libs/record/files/src/exclusive.mjs'
import { download } from '../../libs/record/sources/src/download.mjs'
import { findWheel } from '../../libs/record/sources/src/package-index.mjs'
import { cacheFolder } from './cache.mjs'
import {
  additionPlaces,
  bindingFile,
  bindingPlaces,
  compileAddition,
  compileBinding,
  requireCompiler,
} from './compile-binding.mjs'
import { chooseEngineBuild, engineFile } from './engine-builds.mjs'
import { SetUpFailed } from './set-up-failed.mjs'
import { unpackWheel } from './unpack-wheel.mjs'

/** @typedef {import('./engine-builds.mjs').EngineBuild} EngineBuild */
/**
 * @typedef {object} Options
 * @property {(text: string) => void} report
 * @property {AbortSignal | undefined} [signal]
 * @property {NodeJS.ProcessEnv} [environment]
 * @property {number} [pause] milliseconds before an interrupted request is repeated
 * @property {EngineBuild} [build] that of this machine unless given
 */

/**
 * The folder of a build in the cache.
 * @param {EngineBuild} build
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function engineFolder(build, environment) {
  return join(cacheFolder(environment), 'engine', build.name)
}

/**
 * The build of this machine. Throws `SetUpFailed` where there is none.
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function requireEngineBuild(environment = process.env) {
  const build = chooseEngineBuild({ environment })
  if (build) return build
  throw new SetUpFailed(
    `There is no ${environment['GAUNTLET_ENGINE'] ?? ''} libtensorflow for ${process.platform}-${process.arch}; run Gauntlet on Linux (x86-64, or arm64 without CUDA).`,
  )
}

/**
 * Whether the engine is unpacked, compiled from the present sources, and linked where tfjs looks for it.
 * @param {string} root of the checkout
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function engineIsPresent(root, environment) {
  const build = chooseEngineBuild(environment ? { environment } : {})
  if (!build || !existsSync(bindingPlaces(root).sources)) return false
  const folder = engineFolder(build, environment)
  return libraryIsPresent(folder) && linksOf(root, folder).every((each) => existsSync(each.file) && isLinked(each))
}

/**
 * The first half of the installation, which needs no npm package: fetches the wheels, and unpacks libraries and headers
 * into the cache.
 * @param {Options} options
 */
export async function installLibrary(options) {
  const { report, signal, environment = process.env, pause, build = requireEngineBuild(environment) } = options
  const folder = engineFolder(build, environment)
  if (libraryIsPresent(folder)) return
  requireCompiler(environment) // before the long download, which would be in vain without one
  const action = async () => {
    if (libraryIsPresent(folder)) return
    requireRoom(build, dirname(folder))
    const fresh = `${folder}.new`
    rmSync(fresh, { recursive: true, force: true })
    const wheels = await fetchWheels(build, { report, signal, environment, ...(pause === undefined ? {} : { pause }) })
    for (const wheel of wheels) {
      const onProgress = (/** @type {number} */ done, /** @type {number} */ total) =>
        report(`unpacking ${megabytes(done)} of ${megabytes(total)} MB`)
      await unpackWheel(wheel, fresh, engineFile, { onProgress, signal })
    }
    rmSync(folder, { recursive: true, force: true })
    renameSync(fresh, folder)
    for (const wheel of wheels) rmSync(wheel)
  }
  await exclusively(`${folder}.lock`, action, { signal, onWait: () => report('another set-up is installing it') })
}

/**
 * The second half, after the npm packages: compiles the binding once for all checkouts, and links it into this one.
 * @param {string} root of the checkout
 * @param {Options} options
 */
export async function installBinding(root, { report, signal, environment = process.env }) {
  const folder = engineFolder(requireEngineBuild(environment), environment)
  const action = async () => {
    if (linksOf(root, folder).every(({ file }) => existsSync(file))) return
    report('compiling the binding')
    const output = join(folder, `binding.${process.pid}.tmp`)
    try {
      const compilation = { root, engine: folder, output, signal, environment }
      for (const { addition, file } of additionPlaces(root)) {
        if (existsSync(join(folder, file))) continue
        await compileAddition(addition, compilation)
        renameSync(output, join(folder, file))
      }
      const binding = join(folder, bindingFile(root))
      if (existsSync(binding)) return
      await compileBinding(compilation)
      renameSync(output, binding)
    } finally {
      rmSync(output, { force: true })
    }
  }
  await exclusively(`${folder}.lock`, action, { signal, onWait: () => report('another set-up is compiling it') })
  linksOf(root, folder).forEach(link)
}

/**
 * Fetches the wheels of a build, and gives their paths.
 * @param {EngineBuild} build
 * @param {Options} options
 * @returns {Promise<string[]>}
 */
async function fetchWheels(build, { report, signal, environment = process.env, pause }) {
  const total = build.wheels.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  const files = []
  for (const { project, file, sha256, size } of build.wheels) {
    const target = join(cacheFolder(environment), 'downloads', file)
    const onProgress = ({ received = 0 }) =>
      report(`fetching ${megabytes(before + received)} of ${megabytes(total)} MB`)
    const { url } = existsSync(target)
      ? { url: 'https://pypi.org' }
      : await findWheel(project, file, { signal, pause }, environment)
    files.push(await download({ url, sha256, file: target, onProgress, signal, pause }))
    before += size
  }
  return files
}

/**
 * Throws `SetUpFailed` where the disk is too small, before anything is fetched.
 * @param {EngineBuild} build
 * @param {string} folder
 */
export function requireRoom(build, folder) {
  mkdirSync(folder, { recursive: true })
  const { bavail, bsize } = statfsSync(folder)
  const needed = build.unpackedSize + build.wheels.reduce((sum, { size }) => sum + size, 0)
  if (bavail * bsize >= needed) return
  const have = `${folder} has ${megabytes(bavail * bsize)} MB`
  throw new SetUpFailed(
    `The engine needs ${megabytes(needed)} MB and ${have}; free some space or set GAUNTLET_CACHE to a folder on a larger disk.`,
  )
}

/** @param {string} folder */
function libraryIsPresent(folder) {
  return (
    existsSync(join(folder, 'tensorflow', 'libtensorflow_framework.so.2')) &&
    existsSync(join(folder, 'tensorflow', 'libtensorflow_cc.so.2'))
  )
}

/** @typedef {{ path: string, file: string }} Link */

/**
 * What is linked into a checkout, and where.
 * @param {string} root of the checkout
 * @param {string} folder of the engine
 * @returns {Link[]}
 */
function linksOf(root, folder) {
  return [
    { path: bindingPlaces(root).link, file: join(folder, bindingFile(root)) },
    ...additionPlaces(root).map(({ link, file }) => ({ path: link, file: join(folder, file) })),
  ]
}

/** @param {Link} link */
function isLinked({ path, file }) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(path) === file
}

/** @param {Link} wanted */
function link(wanted) {
  if (isLinked(wanted)) return
  const { path, file } = wanted
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  rmSync(temporary, { force: true })
  symlinkSync(file, temporary)
  renameSync(temporary, path)
}

/** @param {number} bytes */
function megabytes(bytes) {
  return Math.round(bytes / 1e6)
}

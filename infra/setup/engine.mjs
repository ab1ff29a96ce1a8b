import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { exclusively } from '../../libs/record/files/src/exclusive.mjs'
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
import { isLinked, link } from './links.mjs'
import { SetUpFailed } from './set-up-failed.mjs'
import { installWheels } from './wheels.mjs'

/** @typedef {import('./engine-builds.mjs').EngineBuild} EngineBuild */
/**
 * @typedef {import('./wheels.mjs').Options & { build?: EngineBuild }} Options build: that of this machine unless given
 */

/**
 * The folder of a build in the cache.
 * @param {EngineBuild} build
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function engineFolder(build, environment) {
  return join(cacheFolder(environment), 'engine', build.name)
}

/** The build of this machine. Throws `SetUpFailed` where there is none. */
export function requireEngineBuild() {
  const build = chooseEngineBuild()
  if (build) return build
  throw new SetUpFailed(
    `There is no libtensorflow for ${process.platform}-${process.arch}; run Gauntlet on Linux (x86-64 or arm64).`,
  )
}

/**
 * Whether the engine is unpacked, compiled from the present sources, and linked where tfjs looks for it.
 * @param {string} root of the checkout
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function engineIsPresent(root, environment, withPlugins = false) {
  const build = chooseEngineBuild()
  if (!build || !existsSync(bindingPlaces(root).sources)) return false
  const folder = engineFolder(build, environment)
  return (
    libraryIsPresent(folder) &&
    linksOf(root, folder, withPlugins).every((each) => existsSync(each.file) && isLinked(each))
  )
}

/**
 * The first half of the installation, which needs no npm package: fetches the wheel, and unpacks libraries and headers
 * into the cache.
 * @param {Options} options
 */
export async function installLibrary(options) {
  const { environment = process.env, build = requireEngineBuild() } = options
  const folder = engineFolder(build, environment)
  if (libraryIsPresent(folder)) return
  requireCompiler(environment) // before the long download, which would be in vain without one
  const isPresent = () => libraryIsPresent(folder)
  // Other checkouts are linked to what was compiled against an older set of headers, which still loads.
  await installWheels(build, folder, { place: engineFile, isPresent, keeps: /\.node$/ }, options)
}

/**
 * The second half, after the npm packages: compiles the binding once for all checkouts, and links it into this one.
 * @param {string} root of the checkout
 * @param {Options} options
 */
export async function installBinding(root, { report, signal, environment = process.env }, withPlugins = false) {
  const folder = engineFolder(requireEngineBuild(), environment)
  const action = async () => {
    if (linksOf(root, folder, withPlugins).every(({ file }) => existsSync(file))) return
    report('compiling the binding')
    const output = join(folder, `binding.${process.pid}.tmp`)
    try {
      const compilation = { root, engine: folder, output, signal, environment }
      for (const { addition, file } of additionPlaces(root, withPlugins)) {
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
  linksOf(root, folder, withPlugins).forEach(link)
}

/** Headers by which the sets of earlier versions, which did without, are told from this one. */
const newestHeaders = ['xla/tsl/framework/allocator_registry.h', 'xla/pjrt/c/pjrt_c_api.h']

/** @param {string} folder */
function libraryIsPresent(folder) {
  const tensorflow = join(folder, 'tensorflow')
  return [
    'libtensorflow_framework.so.2',
    'libtensorflow_cc.so.2',
    ...newestHeaders.map((header) => `include/${header}`),
  ].every((file) => existsSync(join(tensorflow, file)))
}

/**
 * What is linked into a checkout, and where.
 * @param {string} root of the checkout
 * @param {string} folder of the engine
 * @param {boolean} withPlugins
 * @returns {import('./links.mjs').Link[]}
 */
function linksOf(root, folder, withPlugins) {
  return [
    { path: bindingPlaces(root).link, file: join(folder, bindingFile(root)) },
    ...additionPlaces(root, withPlugins).map(({ link: path, file }) => ({ path, file: join(folder, file) })),
  ]
}

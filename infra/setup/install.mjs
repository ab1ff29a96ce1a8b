import { engineIsPresent, installBinding, installLibrary } from './engine.mjs'
import { installPlugins, linkPlugins, pluginsArePresent, wantedPlugins } from './pjrt.mjs'
import { installPackages, packagesArePresent } from './packages.mjs'
import { linkPostgresLibraries, postgresFolder } from './postgres-links.mjs'
import { installTemporal, temporalIsPresent } from './temporal.mjs'

/** @typedef {(step: string, state: string) => void} Report */

/**
 * Installs the parts that are missing, independent ones side by side. The first failure stops the others.
 * @param {string} root of the checkout
 * @param {object} options
 * @param {Report} options.report
 * @param {(step: string) => void} options.finished
 * @param {NodeJS.ProcessEnv} [options.environment]
 * @param {readonly string[]} [options.devices] whose plugins are installed beside that of the machine's own device
 * @returns {Promise<string[]>} the parts that were missing
 */
export async function installMissing(root, { report, finished, environment = process.env, devices = [] }) {
  const plugins = wantedPlugins(environment, devices)
  const withPlugins = plugins.length > 0 || Boolean(environment['GAUNTLET_PJRT_PLUGIN'])
  const stop = new AbortController()
  const { signal } = stop
  /** @type {string[]} */
  const installed = []
  const reporting = (/** @type {string} */ step) => ({
    report: (/** @type {string} */ state) => report(step, state),
    signal,
    environment,
  })
  const part = async (
    /** @type {string} */ step,
    /** @type {boolean} */ isPresent,
    /** @type {() => Promise<void>} */ install,
  ) => {
    if (isPresent) return
    await install()
    installed.push(step)
    finished(step)
  }
  const packages = part('packages', packagesArePresent(root), () => installPackages(root, reporting('packages')))
  const library = installLibrary(reporting('engine'))
  // What npm installs anew it empties first, our links among tfjs' files too: they are looked for after it.
  const engine = Promise.all([library, packages]).then(() =>
    part('engine', engineIsPresent(root, environment, withPlugins), () =>
      installBinding(root, reporting('engine'), withPlugins),
    ),
  )
  const plugin = packages.then(() =>
    part('plugin', pluginsArePresent(root, environment, plugins), async () => {
      await installPlugins(plugins, reporting('plugin'))
      linkPlugins(root, plugins, environment)
    }),
  )
  const temporal = part('temporal', temporalIsPresent(environment), () => installTemporal(reporting('temporal')))
  const postgres = packages.then(() => linkPostgres())
  const all = [packages, library, engine, plugin, temporal, postgres]
  try {
    await Promise.all(all)
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(all)
    throw error
  }
  return installed
}

function linkPostgres() {
  const folder = postgresFolder()
  if (folder) linkPostgresLibraries(folder)
}

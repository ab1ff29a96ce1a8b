import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache.mjs'
import { compiledFolder } from './compile-binding.mjs'
import { isLinked, link } from './links.mjs'
import { pluginFile, pluginFor, wantedDevice } from './pjrt-plugins.mjs'
import { installWheels } from './wheels.mjs'

/** The devices whose plugins a checkout needs: that of the machine, and more. @typedef {readonly string[]} Devices */

/**
 * The plugins to install: that of the machine's accelerator, and those for `more` kinds of device. @param
 * {NodeJS.ProcessEnv | undefined} environment @param {Devices} [more]
 */
export function wantedPlugins(environment, more = []) {
  const own = wantedDevice(environment ? { environment } : {})
  return [...new Set([...(own === undefined ? [] : [own]), ...more])]
}

/**
 * Whether the plugins are unpacked and linked beside tfjs's binding, where the engine looks for them. @param {string}
 * root @param {NodeJS.ProcessEnv | undefined} environment @param {Devices} devices
 */
export function pluginsArePresent(root, environment, devices) {
  return devices.every(
    (device) => existsSync(placeOf(device, environment)) && isLinked(linkOf(root, device, environment)),
  )
}

/**
 * Fetches and unpacks the plugins that are missing. @param {Devices} devices @param {import('./wheels.mjs').Options}
 * options
 */
export async function installPlugins(devices, options) {
  const { environment = process.env } = options
  for (const device of devices) {
    const isPresent = () => existsSync(placeOf(device, environment))
    if (!isPresent())
      await installWheels(pluginFor(device), folderOf(device, environment), { place: pluginFile, isPresent }, options)
  }
}

/** @param {string} root @param {Devices} devices @param {NodeJS.ProcessEnv} [environment] */
export function linkPlugins(root, devices, environment = process.env) {
  for (const device of devices) link(linkOf(root, device, environment))
}

/** @param {string} device @param {NodeJS.ProcessEnv | undefined} environment */
function folderOf(device, environment) {
  return join(cacheFolder(environment), 'pjrt', pluginFor(device).name)
}

/** @param {string} device @param {NodeJS.ProcessEnv | undefined} environment */
function placeOf(device, environment) {
  return join(folderOf(device, environment), pluginFor(device).file)
}

/** @param {string} root @param {string} device @param {NodeJS.ProcessEnv | undefined} environment */
function linkOf(root, device, environment) {
  return { path: join(compiledFolder(root), `pjrt-${device}.so`), file: placeOf(device, environment) }
}

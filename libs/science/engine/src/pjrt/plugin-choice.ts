import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { bindingFolder } from '../installed-build.ts'
import { visibleDevices, type OneDevice, type VendorName } from '../visible-devices.ts'
import { PluginUnusable } from './pjrt-errors.ts'

/** The environment variable that names a plugin: its file, or a folder that has one, such as a Python environment. */
export const pluginVariable = 'GAUNTLET_PJRT_PLUGIN'

/** The environment variable that names the kind of device: `cpu`, or one that set-up has a plugin for. */
export const deviceVariable = 'GAUNTLET_DEVICE'

/**
 * The file of the PJRT plugin by which a process runs its programs; undefined where TensorFlow runs them, on the CPU.
 * `GAUNTLET_PJRT_PLUGIN` decides, then `GAUNTLET_DEVICE`; where neither is set it is NVIDIA's, if a GPU is seen. Throws
 * `PluginUnusable` where the plugin is not here, also that of GPUs that are seen: set-up installs none where it sees no
 * driver, such as on a login node, and a GPU would stay idle. This module loads no tensor runtime.
 */
export function chosenPlugin(
  variables: NodeJS.ProcessEnv = process.env,
  installed: (device: string) => string | undefined = installedPlugin,
  gpus = visibleDevices('cuda', variables).length,
): string | undefined {
  const named = variables[pluginVariable]
  if (named) return pluginAt(named)
  const device = variables[deviceVariable]
  if (device === 'cpu') return undefined
  if (!device && gpus === 0) return undefined
  const found = installed(device || 'cuda')
  if (found) return found
  if (!device)
    throw new PluginUnusable(
      `This machine has NVIDIA GPUs, and no plugin is installed that runs programs on them; run \`npm run set-up\` with ${deviceVariable}=cuda, or set ${deviceVariable}=cpu to leave them idle.`,
    )
  throw new PluginUnusable(
    `No PJRT plugin for ${JSON.stringify(device)} is installed; run \`npm run set-up\` with ${deviceVariable}=${device}, or name a plugin by ${pluginVariable}.`,
  )
}

/**
 * The devices that a plugin's processes use, each as the environment of a process that sees it alone; undefined where
 * the plugin is a CPU's. A vendor whose variable is not known has one process, which sees what it sees.
 */
export function devicesOf(plugin: string, variables: NodeJS.ProcessEnv = process.env): OneDevice[] | undefined {
  const name = plugin.split('/').slice(-2).join('/')
  if (/cpu/i.test(name)) return undefined
  const vendor = (['cuda', 'rocm'] satisfies VendorName[]).find((each) => new RegExp(each, 'i').test(name))
  return vendor ? visibleDevices(vendor, variables) : [{}]
}

/** The plugin that set-up has linked beside tfjs's binding (infra/setup/pjrt.mjs). */
function installedPlugin(device: string): string | undefined {
  const link = join(bindingFolder(), `pjrt-${device}.so`)
  // The plugin looks for the vendor's libraries beside its own file, and not beside a link to it.
  return /^\w+$/.test(device) && existsSync(link) ? realpathSync(link) : undefined
}

/** The plugin that is this file, or the only one in this folder. */
function pluginAt(path: string): string {
  if (!existsSync(path))
    throw new PluginUnusable(`${pluginVariable} names ${path}, where nothing is; correct the path.`)
  if (!statSync(path).isDirectory()) return realpathSync(path)
  const found = pluginsIn(path)
  if (found.length === 1) return realpathSync(found[0]!)
  const advice = `give the path of one file in ${pluginVariable}`
  if (found.length === 0) throw new PluginUnusable(`There is no PJRT plugin in ${path}; ${advice}.`)
  throw new PluginUnusable(`There are several PJRT plugins in ${path} (${found.join(', ')}); ${advice}.`)
}

/** Plugins in a folder, in its packages, or in the packages of the Python environment that it is. */
function pluginsIn(folder: string): string[] {
  const libraries = foldersIn(join(folder, 'lib')).filter((each) => /\/python3[.\d]*$/.test(each))
  const roots = [folder, ...libraries.map((each) => join(each, 'site-packages'))]
  return roots.flatMap((root) => {
    const packages = [...foldersIn(join(root, 'jax_plugins')), ...foldersIn(root).filter((each) => /pjrt/.test(each))]
    return [root, ...packages].flatMap(pluginFiles)
  })
}

/** What vendors call their plugins: `xla_cuda_plugin.so`, `pjrt_c_api_cpu_plugin.so`, `libpjrt_c_api_x.so`. */
const pluginName = /^(lib)?(xla_\w+_plugin|\w*pjrt\w*)\.(so|dylib)$/

function pluginFiles(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => !entry.isDirectory() && pluginName.test(entry.name))
    .map(({ name }) => join(folder, name))
}

function foldersIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => join(folder, name))
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

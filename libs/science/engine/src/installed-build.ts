import { readdirSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

const additionsForPlugins: ReadonlySet<string> = new Set(['graph_lowering.node', 'pjrt.node'])

/**
 * The installed engine: the name of libtensorflow's folder, and those of the compiled binding and of our additions to
 * it. Set-up puts digests into all of them: of the wheels, and of the sources and flags of the C++ code
 * (infra/setup/engine-builds.mjs, compile-binding.mjs). This loads no tensor runtime.
 *
 * @param folder The folder in which tfjs looks for its binding.
 * @param usesPlugin Whether a plugin runs the programs. Elsewhere the additions that reach plugins change nothing.
 */
export function installedBuild(folder = bindingFolder(), usesPlugin = false): string[] {
  const libraries = readdirSync(folder).filter(
    (file) => file.endsWith('.node') && (usesPlugin || !additionsForPlugins.has(file)),
  )
  const targets = libraries.map((file) => realpathSync(join(folder, file)))
  return [...new Set(targets.map((target) => basename(dirname(target)))), ...targets.map((target) => basename(target))]
}

/** The folder in which tfjs looks for its binding, and we for our additions. */
export function bindingFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json')
  return join(dirname(manifest), 'lib', 'napi-v8')
}

import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'

/**
 * The installed libtensorflow, named by the path of its binding, whose folder contains version and platform. This loads
 * no tensor runtime.
 */
export function installedBuild(): string {
  return realpathSync(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node'))
}

import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'

/**
 * The installed libtensorflow by the place of its binding, whose folder bears version and platform. Loads no tensor
 * runtime.
 */
export function installedBuild(): string {
  return realpathSync(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node'))
}

import { join } from 'node:path'
import { engineFolder, requireEngineBuild } from './engine.mjs'
import { isNewerThanTried, triedNodes } from './node-version.mjs'
import { runCommand } from './run-command.mjs'
import { SetUpFailed } from './set-up-failed.mjs'

/** Longer than CUDA takes to load from a slow disk, in milliseconds. */
const patience = 180_000

/**
 * What the process that proves the engine prints (`libs/science/engine/src/prove-main.ts`).
 * @typedef {{ libtensorflow: string, accelerator?: { device: string, interface: string, plugin: string } }}
 * ProvenEngine
 *   accelerator: what runs programs where that is not the CPU, the version of PJRT and the path of the plugin
 */

/**
 * Has the engine of a checkout compute something known, in a process of its own, which may crash without harm: that all
 * files are there does not say that they work together, nor with this Node.js and this processor.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Promise<ProvenEngine | { reason: string, fix?: string }>} why not, where it does not, and what the process
 *   itself says is to be done
 */
export async function proveEngine(root, environment = process.env) {
  const script = join(root, 'libs', 'science', 'engine', 'src', 'prove-main.ts')
  const options = { cwd: root, env: environment, signal: AbortSignal.timeout(patience) }
  const { code, output } = await runCommand(process.execPath, ['--import', 'tsx', script], options).catch((error) => ({
    code: null,
    output: `${error.name === 'AbortError' ? 'Error: no answer in three minutes' : error}`,
  }))
  const answer = /^\{.*\}$/m.exec(output)?.[0]
  return code === 0 && answer ? JSON.parse(answer) : complaintIn(output)
}

/**
 * One sentence: what is wrong and what to change. @param {{ reason: string, fix?: string }} proof @param {string}
 * folder of the engine in the cache @param {string} [version] of Node.js
 */
export function adviceFor({ reason, fix }, folder, version = process.versions.node) {
  if (fix) return fix
  const advice = isNewerThanTried(version)
    ? `Node.js ${version} is newer than any it was tried with, so use ${triedNodes}.`
    : `delete ${folder} and node_modules, then run \`npm run set-up\`.`
  return `It does not compute (${reason}); ${advice}`
}

/**
 * Ends set-up with one sentence where the engine does not compute. @param {string} root @param {NodeJS.ProcessEnv}
 * [environment]
 */
export async function requireEngine(root, environment = process.env) {
  const proof = await proveEngine(root, environment)
  if (!('reason' in proof)) return
  const folder = engineFolder(requireEngineBuild(), environment)
  throw new SetUpFailed(`engine: ${adviceFor(proof, folder)}`)
}

/** What a failed program complained about; what an unusable plugin says is what to do. @param {string} output */
function complaintIn(output) {
  const [, name, reason] = /^(\w*Error|Engine\w+|PluginUnusable)(?: \[\w+\])?: (.+)$/m.exec(output) ?? []
  if (!reason) return { reason: 'it ended without a word' }
  return name === 'PluginUnusable' ? { reason, fix: reason } : { reason }
}

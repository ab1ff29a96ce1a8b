/**
 * `node infra/set-up.mjs` installs the npm packages and everything else that Gauntlet needs. It needs nothing but
 * Node.js, does nothing when everything is there, and goes on where it was interrupted. At the end the engine proves
 * that it computes. With `--quiet` it prints and proves nothing when there was nothing to do, since the process that is
 * started next proves its engine itself.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireNode } from './setup/node-version.mjs'

requireNode(process.versions.node)
const { installMissing } = await import('./setup/install.mjs')
const { requireEngine } = await import('./setup/prove-engine.mjs')
const { showProgress } = await import('./setup/progress.mjs')

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const progress = showProgress()
try {
  const installed = await installMissing(root, progress)
  const isQuiet = process.argv.includes('--quiet')
  if (installed.length > 0 || !isQuiet) await requireEngine(root)
  if (installed.length > 0) progress.end(`set-up: done (${installed.join(', ')})`)
  else if (!isQuiet) progress.end('set-up: everything is there')
} catch (error) {
  progress.end(`set-up: ${sentenceOf(/** @type {NodeJS.ErrnoException} */ (error))}`)
  if (process.argv.includes('--verbose')) console.error(error)
  process.exitCode = 1
}

/** What to do about a folder that this account may not write; else the message. @param {NodeJS.ErrnoException} error */
function sentenceOf({ code = '', path, message }) {
  if (!path || !/^(EACCES|EPERM|EROFS|ENOTDIR)$/.test(code)) return message
  return `${path} cannot be written by this account (${code}); correct its owner, or set GAUNTLET_CACHE to a folder of your own.`
}

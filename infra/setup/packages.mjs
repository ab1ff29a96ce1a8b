import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { exclusively } from '../../libs/record/files/src/exclusive.mjs'
import { cacheFolder } from './cache.mjs'
import { runCommand } from './run-command.mjs'
import { SetUpFailed } from './set-up-failed.mjs'

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/**
 * The paths of the packages that `package-lock.json` names for this machine and that `node_modules` does not hold. npm
 * lists what it has installed in a file beside the packages, in the same form. Each listed package is looked for too,
 * because one that was deleted later is still listed. Undefined where a lock cannot be read.
 * @param {string} root of the checkout
 */
function missingPackages(root) {
  const installed = readLockedPackages(join(root, 'node_modules', '.package-lock.json'))
  const wanted = readLockedPackages(join(root, 'package-lock.json'))
  if (!installed || !wanted) return undefined
  return Object.entries(wanted)
    .filter(([path, locked]) => path.includes('node_modules/') && fitsMachine(locked))
    .filter(([path, locked]) => !isInstalled(join(root, path), locked, installed[path]))
    .map(([path]) => path)
}

/**
 * Whether `node_modules` holds what `package-lock.json` names.
 * @param {string} root of the checkout
 */
export function packagesArePresent(root) {
  return missingPackages(root)?.length === 0
}

/**
 * @param {string} folder of the package
 * @param {LockedPackage} wanted
 * @param {LockedPackage | undefined} installed
 */
function isInstalled(folder, { version, integrity, optional, cpu }, installed) {
  if (!installed) return optional === true && !cpu
  // The lock has no integrity of packages that the registry it was made from lacks (complete-lock.mjs).
  const isWanted = installed.version === version && (!integrity || installed.integrity === integrity)
  return isWanted && existsSync(join(folder, 'package.json'))
}

/**
 * Installs the packages of `package-lock.json`, those for development among them whatever `NODE_ENV` and npm's settings
 * say (tsx, by which everything runs, is one), without running their install scripts.
 * @param {string} root
 * @param {{ report: (text: string) => void, signal?: AbortSignal, environment?: NodeJS.ProcessEnv }} options
 */
export async function installPackages(root, { report, signal, environment = process.env }) {
  const action = async () => {
    if (packagesArePresent(root)) return
    report('npm ci')
    const [command, ...before] = npmCommand(environment)
    const args = [...before, 'ci', ...everything, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const env = { ...npmCacheFor(environment), ...environment }
    const ended = await runCommand(command, args, { cwd: root, env, signal }).catch((error) =>
      failInstallation(error.code, error.message),
    )
    if (ended.code !== 0) failInstallation(/npm (?:error|ERR!) code (\w+)/.exec(ended.output)?.[1], ended.output)
    requirePackages(root)
  }
  await exclusively(join(root, '.gauntlet', 'packages.lock'), action, {
    signal,
    onWait: () => report('another set-up is installing'),
  })
}

/**
 * Where npm keeps what it fetches if it cannot in the user's home, as with a home that is read-only or of another user.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv}
 */
function npmCacheFor(environment) {
  try {
    accessSync(environment['HOME'] || homedir(), constants.W_OK)
    return {}
  } catch {
    return { npm_config_cache: join(cacheFolder(environment), 'npm') }
  }
}

const everything = ['--include=dev', '--include=optional', '--include=peer']

/**
 * Throws where npm has left a package out, which it may do without a message.
 * @param {string} root of the checkout
 */
function requirePackages(root) {
  const missing = missingPackages(root)
  if (missing?.length === 0) return
  const what = missing ? `${missing[0]}${missing.length > 1 ? ` and ${missing.length - 1} more` : ''}` : 'node_modules'
  throw new SetUpFailed(
    `npm says it has installed the packages, but ${what} is not as package-lock.json has it; look for what changes it in \`npm config list\`.`,
  )
}

/**
 * The command that runs npm. When npm itself runs this program, it says in a variable where its script is.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {[string, ...string[]]}
 */
function npmCommand(environment) {
  const script = environment['npm_execpath']
  return script?.endsWith('.js') && existsSync(script) ? [process.execPath, script] : ['npm']
}

/**
 * Throws the sentence for a failure of npm.
 * @param {string | undefined} code of npm
 * @param {string} output
 * @returns {never}
 */
function failInstallation(code, output) {
  if (code === 'ENOENT') throw new SetUpFailed('npm was not found; install Node.js 20.19 or newer together with npm.')
  if (code === 'ENOSPC')
    throw new SetUpFailed('The disk is full while npm installs packages; free some space and start again.')
  if (code === 'EINTEGRITY')
    throw new SetUpFailed(
      'A package from the npm registry is not the pinned one; try another registry (npm config set registry …).',
    )
  if (code === 'EUSAGE')
    throw new SetUpFailed('package-lock.json does not fit package.json; run `npm install` and commit the lock.')
  if (code && /^(ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET|FETCH_ERROR)/.test(code)) {
    throw new SetUpFailed(
      `The npm registry cannot be reached (${code}); check the network or set another registry (npm config set registry …).`,
    )
  }
  const line = /npm (?:error|ERR!) (?!code)(.+)/.exec(output)?.[1] ?? output.trim().split('\n').at(-1)
  throw new SetUpFailed(
    `npm could not install the packages (${line}); run \`npm ci --ignore-scripts\` to see everything it says.`,
  )
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined}
 */
function readLockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/**
 * Whether npm installs the package on this machine.
 * @param {LockedPackage} locked
 */
function fitsMachine({ os, cpu, libc }) {
  return allows(os, process.platform) && allows(cpu, process.arch) && !libc
}

/**
 * @param {string[] | undefined} list such as `os` or `cpu`, where `!` excludes a value
 * @param {string} value
 */
function allows(list, value) {
  return !list || (list.some((item) => !item.startsWith('!')) ? list.includes(value) : !list.includes(`!${value}`))
}

/**
 * `node infra/setup/complete-lock.mjs` adds to `package-lock.json` the packages of other platforms that npm left out.
 *
 * npm leaves an optional package out of the lock when the registry does not have it, as a mirror may lack those of
 * other platforms, and then `npm ci` refuses the lock everywhere. This adds them with their version and platform. Their
 * integrity is added by the next `npm install` that finds them in its registry.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {boolean} [link]
 * @property {Record<string, string>} [optionalDependencies]
 */
/** @typedef {{ packages: Record<string, LockEntry> }} Lock */

/**
 * The entries of the optional packages that the lock lacks, by path.
 * @param {Lock} lock
 * @returns {Record<string, LockEntry>}
 */
export function missingEntries({ packages }) {
  /** @type {Record<string, LockEntry>} */
  const missing = {}
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name)
      if (!platform || !/^\d/.test(version) || isNamed(packages, path, name)) continue
      missing[`node_modules/${name}`] = entryOf(version, entry.dev === true, platform)
    }
  }
  return missing
}

/**
 * An entry with its keys in the order of npm.
 * @param {string} version
 * @param {boolean} dev
 * @param {{ os: string[], cpu: string[], libc?: string[] }} platform
 * @returns {LockEntry}
 */
function entryOf(version, dev, { os, cpu, libc }) {
  return { version, cpu, ...(dev ? { dev } : {}), ...(libc ? { libc } : {}), optional: true, os }
}

/**
 * Whether a package at `path` would find `name`, in its own `node_modules` or in one further out.
 * @param {Lock['packages']} packages
 * @param {string} path
 * @param {string} name
 */
function isNamed(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    if (`${folder ? `${folder}/` : ''}node_modules/${name}` in packages) return true
    if (!folder) return false
  }
}

/**
 * The platform in a name such as `@swc/core-linux-arm-gnueabihf`.
 * @param {string} name
 */
function platformOf(name) {
  const [, os, cpu, abi = ''] =
    /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x)(?:-(\w+))?$/.exec(
      name,
    ) ?? []
  if (!os || !cpu) return undefined
  const libc =
    os !== 'linux' ? undefined : abi.startsWith('musl') ? 'musl' : abi.startsWith('gnu') ? 'glibc' : undefined
  return { cpu: [cpu], ...(libc ? { libc: [libc] } : {}), os: [os] }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url))
  /** @type {Lock} */
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const missing = missingEntries(lock)
  lock.packages = Object.fromEntries(
    Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en')),
  )
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`package-lock.json: ${Object.keys(missing).length} packages of other platforms added`)
}

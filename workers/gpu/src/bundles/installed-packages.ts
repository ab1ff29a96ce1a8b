import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A package that npm installed, as its own record in `node_modules` has it. */
interface InstalledPackage {
  readonly version: string
  readonly integrity?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** A bundle imports a package that is not installed; the message says what to run. */
class PackageMissing extends Error {
  override readonly name = 'PackageMissing'
}

/** The packages of a checkout, by version and integrity. */
export class InstalledPackages {
  private readonly packages: Readonly<Record<string, InstalledPackage>>

  constructor(root: string) {
    const record = join(root, 'node_modules/.package-lock.json')
    this.packages = (
      JSON.parse(readFileSync(record, 'utf8')) as { packages: Record<string, InstalledPackage> }
    ).packages
  }

  /**
   * These packages and all that they depend on: `name` or the path of a nested one → `version integrity`, in order of
   * name. Optional dependencies count where they are installed.
   */
  closure(names: readonly string[]): Record<string, string> {
    const found = new Map<string, string>()
    for (const name of names) this.add(name, '', found)
    return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** The version and the integrity of the package at this path; undefined where none is installed. */
  at(path: string): string | undefined {
    const found = this.packages[path]
    return found && `${found.version} ${found.integrity ?? ''}`.trim()
  }

  private add(name: string, from: string, found: Map<string, string>): void {
    const path = this.pathOf(name, from)
    if (path === undefined) throw new PackageMissing(`The package ${name} is not installed; run npm run set-up.`)
    if (found.has(path)) return
    const { version, integrity = '', dependencies = {}, optionalDependencies = {} } = this.packages[path]!
    found.set(path, `${version} ${integrity}`.trim())
    for (const dependency of Object.keys(dependencies))
      if (!(dependency in optionalDependencies)) this.add(dependency, path, found)
    for (const dependency of Object.keys(optionalDependencies))
      if (this.pathOf(dependency, path) !== undefined) this.add(dependency, path, found)
  }

  /** Where Node finds a package from a folder: in the nearest `node_modules` at or above it. */
  private pathOf(name: string, from: string): string | undefined {
    for (let folder = from; ; folder = dirname(folder)) {
      const path = join(folder === '.' ? '' : folder, 'node_modules', name)
      if (path in this.packages) return path
      if (folder === '.' || folder === '') return undefined
    }
  }
}

/**
 * The packages that a bundle was made for and that are installed otherwise now, each as `path: then, now`. Its imports
 * find the present ones. A bundle that does not say what it was made for gives none.
 */
export function otherPackages(bundle: Uint8Array, root: string): string[] {
  const [, packages] = /^export const packages=(\{.*\});$/m.exec(new TextDecoder().decode(bundle)) ?? []
  if (packages === undefined) return []
  const installed = new InstalledPackages(root)
  const versionOf = (text: string) => text.split(' ')[0]
  return Object.entries(JSON.parse(packages) as Record<string, string>).flatMap(([path, then]) => {
    const now = installed.at(path)
    if (now === then) return []
    return [`${path}: ${versionOf(then)}, now ${now === undefined ? 'not installed' : versionOf(now)}`]
  })
}

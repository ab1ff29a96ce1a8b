import { digestOf, type Digest } from '@gauntlet/study'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')

/** A stage's sources import something that cannot be found, so the code has no digest; a retry does not help. */
export class UnresolvedImport extends Error {
  override readonly name = 'UnresolvedImport'
}

/**
 * The digest of the code a stage consists of: every source file its module reaches by static imports, and the version
 * and integrity of every package from outside. A change anywhere else leaves it as it is, so it costs no recomputation.
 */
export function codeDigest(entry: string): Digest {
  const files: Record<string, Digest> = {}
  const packages: Record<string, string> = {}
  const lock = lockedPackages()
  const visit = (file: string): void => {
    const name = relative(root, file)
    if (name in files) return
    const source = readFileSync(file, 'utf8')
    files[name] = createHash('sha256').update(source).digest('hex')
    for (const specifier of staticImports(source)) {
      const target = resolveSource(specifier, file)
      if (target) visit(target)
      else if (!specifier.startsWith('node:')) addPackage(lock, packageName(specifier), name, packages)
    }
  }
  visit(entry)
  return digestOf({ files, packages })
}

/**
 * The specifiers of `import … from`, `export … from`, `import '…'` and `require('…')`; types imported alone change no
 * result.
 */
export function staticImports(source: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s(?!type\b)(?:[\w$*\s{},]*?\sfrom\s*)?['"]([^'"]+)['"]|require\w*\(\s*['"]([^'"]+)['"]\s*\)|\bimport\(\s*['"]([^'"]+)['"]\s*\)|import\.meta\.url\)\(\s*['"]([^'"]+)['"]\s*\)/g
  return [...source.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3] ?? match[4])!)
}

/** The file of a relative or `@gauntlet/` import; undefined for packages from outside and Node's own. */
function resolveSource(specifier: string, from: string): string | undefined {
  if (specifier.startsWith('.')) return resolve(dirname(from), specifier)
  if (!specifier.startsWith('@gauntlet/')) return undefined
  try {
    return createRequire(from).resolve(specifier)
  } catch {
    throw new UnresolvedImport(
      `${relative(root, from)} imports ${specifier}, which no package of this workspace exports; run npm install.`,
    )
  }
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

interface LockedPackage {
  readonly version: string
  readonly integrity?: string
  readonly link?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}
type Lock = Readonly<Record<string, LockedPackage>>

function lockedPackages(): Lock {
  return (JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Lock }).packages
}

/** Adds a package and all it depends on, by what the lock file pins. */
function addPackage(lock: Lock, name: string, from: string, packages: Record<string, string>): void {
  const path = lockedPath(lock, name, from)
  if (path in packages) return
  const { version, integrity, dependencies } = lock[path]!
  packages[path] = `${version} ${integrity ?? ''}`
  for (const dependency of Object.keys(dependencies ?? {})) addPackage(lock, dependency, path, packages)
}

/** Where Node finds a package from a file or folder: in the nearest `node_modules` at or above it. */
function lockedPath(lock: Lock, name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name)
    if (path in lock) return path
    if (folder === '.')
      throw new UnresolvedImport(`The lock file has no package ${name}, which ${from} imports; run npm install.`)
  }
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectFolders, workspace, workspaceFiles, type Manifest } from '@gauntlet/infra/fixtures/workspace-copy'

const topLevel = ['README.md', 'LICENSE', 'package.json', 'package-lock.json', 'nx.json', 'tsconfig.base.json']
const topFolders = ['libs', 'workflows', 'workers', 'infra', 'test']
/** The floors of `libs`; README.md says what each of them is. */
const floors = ['record', 'science', 'use', 'vocabulary']
/** Names that say nothing about what a file contains. */
const vagueNames = /(^|[-.])(utils?|utilities|helpers?|commons?|misc|shared)([-.]|$)/

describe('the rules of the house', () => {
  const files = workspaceFiles()
  const projects = projectFolders()

  it('allow only the rooms, and the files that must lie there, at the top of the repository', () => {
    const others = new Set(files.map((file) => file.split('/')[0]!).filter((name) => !name.startsWith('.')))
    for (const name of [...topLevel, ...topFolders]) others.delete(name)
    expect([...others]).toEqual([])
  })

  it('allow only the four floors in libs, and code only in packages that npm, Nx and knip know', () => {
    expect(
      [...new Set(files.filter((file) => file.startsWith('libs/')).map((file) => file.split('/')[1]))].sort(),
    ).toEqual(floors)
    const known = Object.keys(readPackageLock().packages)
    expect(projects.map(({ folder }) => folder).filter((folder) => !known.includes(folder))).toEqual([])
    const code = files.filter((file) => /\.(ts|mjs)$/.test(file))
    expect(code.filter((file) => !projects.some(({ folder }) => file.startsWith(`${folder}/`)))).toEqual([])
  })

  it('allow no file or folder named utils, helpers or common', () => {
    const vague = files.filter((file) => file.split('/').some((part) => vagueNames.test(part)))
    expect(vague).toEqual([])
  })

  it('allow at most 450 lines in a source file, except in generated ones', () => {
    const sources = files.filter((file) => /\.(ts|js|mjs|py|sh)$/.test(file) && !file.includes('/migrations/'))
    const long = sources.filter((file) => readLines(file).length > 450)
    expect(sources.length).toBeGreaterThan(0)
    expect(long).toEqual([])
  })

  it('allow no comment wider than 120 columns', () => {
    const sources = files.filter((file) => /\.(ts|mjs|cc|h)$/.test(file))
    const wide = sources.flatMap((file) =>
      readLines(file).flatMap((line, i) =>
        /^\s*(\/?\*|\/\/)/.test(line) && [...line].length > 120 ? [`${file}:${i + 1}`] : [],
      ),
    )
    expect(wide).toEqual([])
  })

  it('allow no cycle among the packages, with the dependencies of their tests', () => {
    expect(packagesInCycles(projects.map(({ manifest }) => manifest))).toEqual([])
  })

  it('require one exact version of every dependency', () => {
    const manifests = [...projects.map(({ manifest }) => manifest), rootManifest()]
    const floating = manifests.flatMap((manifest) =>
      Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
        .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name, version]) => `${manifest.name} → ${name} ${version}`),
    )
    expect(floating).toEqual([])
  })

  it('require a layer, editor settings and the licence of every room', () => {
    const folders = new Set(files)
    const incomplete = projects.filter(
      ({ folder, manifest }) =>
        !manifest.nx?.tags?.some((tag) => tag.startsWith('layer:')) ||
        !folders.has(`${folder}/tsconfig.json`) ||
        manifest.license !== 'Apache-2.0',
    )
    expect(incomplete.map(({ folder }) => folder)).toEqual([])
  })

  it('allow no package registry but the public one in the lock file', () => {
    const elsewhere = Object.values(readPackageLock().packages).filter(
      ({ resolved, link }) => resolved !== undefined && !link && !resolved.startsWith('https://registry.npmjs.org/'),
    )
    expect(elsewhere.map(({ resolved }) => resolved)).toEqual([])
  })
})

describe('packagesInCycles', () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const ring: readonly Manifest[] = names.map((name, index) => ({
    name,
    dependencies: { [names[(index + 1) % 5]!]: '0.0.0' },
  }))

  it('names every package of a ring', () => {
    expect(packagesInCycles(ring)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('names none once the ring is cut', () => {
    expect(packagesInCycles([...ring.slice(0, 4), { name: 'e' }])).toEqual([])
  })
})

/** The part of a lock file that says where packages come from. */
interface Lock {
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly link?: boolean }>>
}

function readPackageLock(): Lock {
  return JSON.parse(readFileSync(join(workspace, 'package-lock.json'), 'utf8')) as Lock
}

function rootManifest(): Manifest {
  return JSON.parse(readFileSync(join(workspace, 'package.json'), 'utf8')) as Manifest
}

function readLines(file: string): string[] {
  return readFileSync(join(workspace, file), 'utf8').split('\n')
}

/**
 * The packages that lie on a cycle or depend on one: those that remain when packages without a remaining dependency are
 * removed again and again.
 */
function packagesInCycles(manifests: readonly Manifest[]): readonly string[] {
  let left = new Map(
    manifests.map((manifest) => [
      manifest.name,
      Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
    ]),
  )
  for (;;) {
    const blocked = [...left].filter(([, needs]) => needs.some((name) => left.has(name)))
    if (blocked.length === left.size) return [...left.keys()]
    left = new Map(blocked)
  }
}

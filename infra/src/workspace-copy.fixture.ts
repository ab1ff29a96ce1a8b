import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** The root of the repository. */
export const workspace = resolve(import.meta.dirname, '../..')

/**
 * The files of the workspace that git would commit now: tracked or new, not ignored, not deleted. Relative to its root.
 */
export function workspaceFiles(): readonly string[] {
  const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: workspace,
    encoding: 'utf8',
  })
  return listing.split('\0').filter((file) => file !== '' && existsSync(join(workspace, file)))
}

/** The projects of the workspace: their folders and their package.json. */
export function projectFolders(): readonly { readonly folder: string; readonly manifest: Manifest }[] {
  return workspaceFiles()
    .filter((file) => file.endsWith('/package.json') && !file.includes('/fixtures/'))
    .map((file) => ({
      folder: dirname(file),
      manifest: JSON.parse(readFileSync(join(workspace, file), 'utf8')) as Manifest,
    }))
}

/** The part of a package.json that these tests read. */
export interface Manifest {
  readonly name: string
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly nx?: { readonly tags?: readonly string[] }
}

/** A copy of the workspace, to change. It shares the installed packages with the original. */
export class WorkspaceCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'gauntlet-copy-'))

  constructor() {
    for (const file of workspaceFiles()) cpSync(join(workspace, file), join(this.folder, file))
    this.#share('node_modules')
    for (const { folder } of projectFolders()) this.#share(join(folder, 'node_modules'))
  }

  /** Writes a file of the copy, and makes its folders. */
  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true })
    writeFileSync(join(this.folder, file), text)
  }

  /** Changes a text of a file of the copy, and gives the function that changes it back. */
  edit(file: string, text: string, instead: string): () => void {
    const before = readFileSync(join(this.folder, file), 'utf8')
    if (before.split(text).length !== 2) throw new Error(`${file} does not have ${JSON.stringify(text)} once.`)
    this.write(
      file,
      before.replace(text, () => instead),
    )
    return () => this.write(file, before)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /**
   * Links each entry of a node_modules folder but its cache. The workspace's own packages are linked to those of the
   * copy.
   */
  #share(modules: string): void {
    if (!existsSync(join(workspace, modules))) return
    mkdirSync(join(this.folder, modules), { recursive: true })
    for (const entry of readdirSync(join(workspace, modules))) {
      if (entry !== '@gauntlet' && entry !== '.cache')
        symlinkSync(join(workspace, modules, entry), join(this.folder, modules, entry))
    }
    if (modules !== 'node_modules') return
    mkdirSync(join(this.folder, modules, '@gauntlet'))
    for (const { folder, manifest } of projectFolders())
      symlinkSync(join(this.folder, folder), join(this.folder, modules, manifest.name))
  }
}

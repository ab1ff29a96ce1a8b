import { canonicalJson } from '@gauntlet/study'
import { build, version, type BuildOptions, type Metafile, type Plugin } from 'esbuild'
import { existsSync, realpathSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundleEntry, type BundleName } from './bundle-entry.ts'
import { InstalledPackages } from './installed-packages.ts'

/** A bundle that was built. */
export interface BuiltBundle {
  /** The JavaScript that a device process executes; its digest is the code digest. */
  readonly bytes: Uint8Array
  /** Maps its lines to those of the sources, for stack traces. */
  readonly sourceMap: Uint8Array
  /** Every source that the bundler read, relative to the checkout, in order of name. */
  readonly inputs: readonly string[]
}

/** The version of the bundler and of its settings here: bundles that another one built are built again. */
export const bundlerVersion = `esbuild ${version}, 3`

/** The file that the sources map of a bundle is in, beside the bundle. */
export const sourceMapName = 'bundle.mjs.map'

/**
 * Bundles the code of this name from the sources of a checkout: what it does not use is left out, and so are comments
 * and white space; names stay. Packages from outside stay imports, and the bundle ends with what they are by version
 * and integrity, so that its digest stands for them too. Equal sources give equal bytes on every machine.
 */
export function buildBundle(name: BundleName, root: string): Promise<BuiltBundle> {
  return bundleOf({ contents: bundleEntry(name), readsInThreads: name.startsWith('fine-tune/') }, root)
}

/** Where the bundler begins. */
export interface BundleBeginning {
  /** The text of a module. */
  readonly contents: string
  /** Whether its code starts threads that read batches (`openReadThreads`). */
  readonly readsInThreads: boolean
}

/** Bundles what a module uses. */
export async function bundleOf({ contents, readsInThreads }: BundleBeginning, root: string): Promise<BuiltBundle> {
  const thread = readsInThreads ? await readThread(root) : undefined
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, sourcefile: 'bundle-entry.ts', loader: 'ts' },
    ...options(root),
    outfile: 'bundle.mjs',
    format: 'esm',
    define: { readThreadText: thread ? JSON.stringify(thread.text) : 'undefined' },
    sourcemap: 'external',
    sourcesContent: false,
    sourceRoot: pathToFileURL(join(root, '/')).href, // in the map alone
  })
  const fileOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!
  const code = fileOf('bundle.mjs').text
  const packages = new InstalledPackages(root).closure(
    importedPackages(code, [...importsOf(metafile), ...(thread?.imports ?? [])]),
  )
  const footer = `export const packages=${canonicalJson(packages)};\n//# sourceMappingURL=${sourceMapName}\n`
  return {
    bytes: new TextEncoder().encode(code + footer),
    sourceMap: fileOf('.map').contents,
    inputs: [...new Set([...Object.keys(metafile.inputs), ...(thread?.inputs ?? [])])]
      .filter((input) => input !== 'bundle-entry.ts')
      .sort(),
  }
}

/** What all bundles have in common. */
function options(root: string) {
  const plugins: Plugin[] = [resolution(root)]
  return {
    absWorkingDir: root,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    treeShaking: true,
    minifyWhitespace: true,
    legalComments: 'none',
    charset: 'utf8',
    metafile: true,
    logLevel: 'silent',
    plugins,
  } as const satisfies BuildOptions
}

/** The code of a thread, as a text that the bundle holds. */
interface ThreadText {
  readonly text: string
  readonly imports: readonly { readonly path: string }[]
  readonly inputs: readonly string[]
}

/**
 * The thread that reads batches while the stage computes. It is no part of the bundle's own modules, since it must not
 * load the engine, which is one in a process. A thread that begins with a text finds packages from where `base` says
 * that the bundle lies.
 */
async function readThread(root: string): Promise<ThreadText> {
  const entry = './libs/science/datasets/src/read-thread.ts'
  const { outputFiles, metafile } = await build({
    ...options(root),
    entryPoints: [entry],
    outfile: 'bundle.mjs',
    format: 'cjs',
    banner: { js: '((require) => {' },
    footer: { js: "})(require('node:module').createRequire(require('node:worker_threads').workerData.base))" },
  })
  return { text: outputFiles[0]!.text, imports: importsOf(metafile), inputs: Object.keys(metafile.inputs) }
}

function importsOf(metafile: Metafile) {
  return metafile.outputs['bundle.mjs']!.imports
}

/**
 * Rooms of this checkout are bundled. A package that lies where a bundle would find it is left an import; one that npm
 * placed inside a room, because another version lies above, is bundled. Modules that nothing is used of are left out,
 * as the rooms' manifests allow (`sideEffects`).
 */
function resolution(root: string): Plugin {
  return {
    name: 'resolution',
    setup(build) {
      build.onResolve({ filter: /^[^.]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (kind === 'entry-point' || pluginData === resolving) return undefined
        if (isBuiltin(path)) return { path, external: true, sideEffects: false }
        const found = await build.resolve(path, { importer, resolveDir, kind, pluginData: resolving })
        if (found.errors.length > 0) return { errors: found.errors }
        const isPackage = isInstalled(found.path, packageName(path), root)
        return { path: isPackage ? path : found.path, external: isPackage, sideEffects: false }
      })
    },
  }
}

/** Whether this file belongs to the package that a bundle finds under this name, and not to a room of the checkout. */
function isInstalled(file: string, name: string, root: string): boolean {
  const place = join(root, 'node_modules', name)
  if (!existsSync(place)) return false
  const folder = realpathSync(place) // a room, or where else the package is linked to
  return folder.split(sep).includes('node_modules') && file.startsWith(folder + sep)
}

/** Marks the question that the plugin itself asks the bundler. */
const resolving = Symbol('resolving')

/** The names of the packages that a bundle imports or requires. */
function importedPackages(code: string, imports: readonly { readonly path: string }[]): string[] {
  const required = [...code.matchAll(/createRequire\d*\(import\.meta\.url\)(?:\.resolve)?\("([^"]+)"\)/g)].map(
    ([, path]) => path!,
  )
  const paths = [...imports.map(({ path }) => path), ...required]
  const names = paths.filter((path) => !isBuiltin(path)).map(packageName)
  return [...new Set(names)].sort()
}

function packageName(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/')
}

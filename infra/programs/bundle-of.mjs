import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { isBuiltin } from 'node:module'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

/** @typedef {import('esbuild').Plugin} Plugin */
/** @typedef {import('esbuild').PluginBuild} PluginBuild */

/**
 * The digest of each file that a bundle was made of, by its path; null where a file is not there that would have been
 * taken.
 * @typedef {Map<string, string | null>} Inputs
 */

/**
 * One module of the sources of a checkout that a program imports.
 * @typedef {object} Bundle
 * @property {string} code
 * @property {string} sourceMap
 * @property {Inputs} inputs
 * @property {boolean} isSettled whether no input changed while it was made
 */

/** Milliseconds by which the time of a change may lie before that of the clock. */
const clockSteps = 20

/**
 * @param {string} source the file that it begins with
 * @param {string} root the checkout
 * @param {string} name
 * @param {readonly string[]} others files of the checkout that it depends on beside its sources
 * @returns {Promise<Bundle>}
 */
export async function bundleOf(source, root, name, others) {
  const { build, stop } = await import('esbuild') // here, since it takes as long to load as a program
  /** @type {Inputs} */
  const inputs = new Map()
  for (const path of others) inputs.set(path, digestOfFile(path))
  const begun = Date.now() - clockSteps
  try {
    const { outputFiles } = await build({
      entryPoints: [source],
      absWorkingDir: root,
      outfile: name,
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      charset: 'utf8',
      logLevel: 'silent',
      sourcemap: 'linked',
      sourcesContent: false,
      sourceRoot: pathToFileURL(join(root, '/')).href, // the map lies elsewhere
      plugins: [packagesStayImports(root, inputs), sourcesKeepTheirPlaces(root, inputs)],
    })
    /** @param {string} ending */
    const textOf = (ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ''
    const isSettled = ![...inputs.keys()].some((path) => isChangedWithin(path, begun, Date.now() + clockSteps))
    return { code: textOf('.mjs'), sourceMap: textOf('.map'), inputs, isSettled }
  } catch (error) {
    throw withPlace(error)
  } finally {
    await stop() // its process would stay as long as this one
  }
}

/**
 * Whether a file was changed between two times. One of a time to come says nothing.
 * @param {string} path
 * @param {number} from
 * @param {number} to
 */
function isChangedWithin(path, from, to) {
  const changed = statSync(path, { throwIfNoEntry: false })?.ctimeMs
  return changed !== undefined && changed >= from && changed <= to
}

/**
 * Null where there is no such file.
 * @param {string} path
 */
export function digestOfFile(path) {
  return existsSync(path) ? digestOf(readFileSync(path)) : null
}

/** @param {string | Uint8Array} bytes */
export function digestOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * What esbuild says of sources, each with its file and line and nothing around it.
 * @param {unknown} error
 */
function withPlace(error) {
  const { errors } = /** @type {Partial<import('esbuild').BuildFailure>} */ (error)
  if (!errors || errors.length === 0) return error
  const said = errors.map(({ location, text }) =>
    location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
  )
  return new Error(said.join('\n'))
}

/**
 * Records the nearest file of this name, and that there is none nearer: the manifest of a folder's room, or of the
 * package that a folder finds by a name. It is looked for up to the checkout, or in the whole disk for a source that a
 * link leads to.
 * @param {string} name
 * @param {string} folder
 * @param {string} root
 * @param {Inputs} inputs
 */
function recordNearest(name, folder, root, inputs) {
  const path = join(folder, name)
  if (!inputs.has(path)) inputs.set(path, digestOfFile(path))
  const isLast = folder === root || folder === dirname(folder)
  if (!isLast && inputs.get(path) === null) recordNearest(name, dirname(folder), root, inputs)
}

/**
 * @param {string} root
 * @param {Inputs} inputs
 * @returns {Plugin}
 */
function packagesStayImports(root, inputs) {
  const asked = Symbol('asked')
  const isPackage = packagesOf(root)
  return {
    name: 'packages stay imports',
    setup(build) {
      build.onResolve({ filter: /^[^.]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (kind === 'entry-point' || pluginData === asked) return undefined
        if (isBuiltin(path)) return { path, external: true }
        const found = await build.resolve(path, { importer, resolveDir, kind, pluginData: asked })
        if (found.errors.length > 0) return { errors: found.errors }
        if (!isPackage(found.path)) return { path: found.path }
        const [name] = /^(@[^/]+\/)?[^/#]+/.exec(path) ?? []
        if (name && !isAbsolute(path)) recordNearest(`node_modules/${name}/package.json`, resolveDir, root, inputs)
        // By its place, since what a name means depends on the room that imports it.
        return { path: pathToFileURL(found.path).href, external: true }
      })
    },
  }
}

/**
 * Tells whether a file is of a package: it lies in `node_modules`, or elsewhere and is not TypeScript.
 * @param {string} root
 */
function packagesOf(root) {
  const installed = join(root, 'node_modules')
  const packages = existsSync(installed) ? realpathSync(installed) : installed
  return (/** @type {string} */ path) => {
    const place = relative(root, path)
    if (place.split(sep).includes('node_modules') || path.startsWith(packages + sep)) return true
    return place.startsWith('..') && !path.endsWith('.ts')
  }
}

/**
 * @param {string} root
 * @param {Inputs} inputs gets the digest of every source, as it was read
 * @returns {Plugin}
 */
function sourcesKeepTheirPlaces(root, inputs) {
  return {
    name: 'sources keep their places',
    setup(build) {
      build.onLoad({ filter: /\.([mc]?[jt]s|json)$/ }, async ({ path }) => {
        const bytes = await readFile(path)
        inputs.set(path, digestOf(bytes))
        recordNearest('package.json', dirname(path), root, inputs)
        if (path.endsWith('.json')) return { contents: bytes, loader: 'json' }
        return { contents: await withPlaces(bytes.toString(), path, build), loader: 'ts' }
      })
    },
  }
}

/**
 * A source with what its `import.meta` says in place of it.
 * @param {string} text
 * @param {string} path
 * @param {PluginBuild} build
 */
async function withPlaces(text, path, build) {
  const place = { filename: path, dirname: dirname(path), url: pathToFileURL(path).href }
  let said = text.replace(/\bimport\.meta\.(filename|dirname|url)\b/g, (_, /** @type {keyof typeof place} */ what) =>
    JSON.stringify(place[what]),
  )
  for (const [call, name = ''] of text.matchAll(/\bimport\.meta\.resolve\('([^']+)'\)/g)) {
    const found = await build.resolve(name, { importer: path, resolveDir: place.dirname, kind: 'import-statement' })
    if (found.errors.length > 0) throw new Error(`${path} asks where ${name} is, which is not installed.`)
    said = said.replace(call, () => JSON.stringify(found.external ? found.path : pathToFileURL(found.path).href))
  }
  return said
}

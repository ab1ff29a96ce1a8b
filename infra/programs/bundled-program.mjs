import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeFileAtomically } from '../../libs/record/files/src/write-atomically.mjs'

/** @typedef {import('esbuild').Plugin} Plugin */
/** @typedef {import('esbuild').PluginBuild} PluginBuild */

const ownCheckout = resolve(import.meta.dirname, '../..')
const thisFile = 'infra/programs/bundled-program.mjs'

/**
 * The URL of a program as one module that Node runs: the sources of the checkout that it imports. It is made where
 * there is none of these very sources yet. Loading the sources one by one takes two seconds for some 600 of them, the
 * module half a second (decision 0044).
 *
 * Packages from outside stay imports, by their places. The module lies in `node_modules`, and belongs to one place of
 * the checkout, since `import.meta` in it stands for the places of the sources. Where nothing can be written there, it
 * is made at each start.
 * @param {string} entry the source that it begins with, absolute or seen from the working directory
 * @param {string} [checkout]
 * @returns {Promise<string>}
 */
export async function bundledProgram(entry, checkout = ownCheckout) {
  const root = realpathSync(checkout)
  const source = realpathSync(entry)
  const name = `${basename(source, extname(source))}-${digestOf(`${root}\n${source}`).slice(0, 16)}.mjs`
  const file = join(root, 'node_modules/.cache/gauntlet/programs', name)
  if (isCurrent(file, root)) return pathToFileURL(file).href
  const { code, sourceMap, record } = await bundleOf(source, root, name)
  /** @param {string} map its URL */
  const bundle = (map) => `${code}//# sourceMappingURL=${map}\n${madeOf}${JSON.stringify(record)}\n`
  try {
    mkdirSync(dirname(file), { recursive: true })
    await writeFileAtomically(`${file}.map`, sourceMap)
    await writeFileAtomically(file, bundle(`${name}.map`))
    return pathToFileURL(file).href
  } catch {
    return dataUrl('text/javascript', bundle(dataUrl('application/json', sourceMap)))
  }
}

/** What the last line of a bundle begins with; the digest of each file that it was made of follows, by its path. */
const madeOf = '//made of '

/**
 * @param {string} file
 * @param {string} root
 */
function isCurrent(file, root) {
  try {
    const bundle = readFileSync(file, 'utf8')
    /** @type {Record<string, string | null>} */
    const inputs = JSON.parse(bundle.slice(bundle.lastIndexOf(madeOf) + madeOf.length))
    return Object.entries(inputs).every(([input, digest]) => digestOfFile(join(root, input)) === digest)
  } catch {
    return false // There is none, or a damaged one: it is made again.
  }
}

/**
 * @param {string} source
 * @param {string} root
 * @param {string} name
 */
async function bundleOf(source, root, name) {
  const { build } = await import('esbuild') // here, since it takes as long to load as a program
  /** @type {Map<string, string | null>} */
  const inputs = new Map()
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
    sourcemap: 'external',
    sourcesContent: false,
    sourceRoot: pathToFileURL(join(root, '/')).href, // the map lies elsewhere
    plugins: [packagesStayImports(), sourcesKeepTheirPlaces(inputs)],
  })
  const manifests = [...inputs.keys()].map((path) => manifestOf(dirname(path), root))
  const others = [thisFile, 'node_modules/.package-lock.json'].map((path) => join(root, path))
  for (const path of new Set([...others, ...manifests])) inputs.set(path, digestOfFile(path))
  const record = Object.fromEntries([...inputs].map(([path, digest]) => [relative(root, path), digest]))
  /** @param {string} ending */
  const textOf = (ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ''
  return { code: textOf('.mjs'), sourceMap: textOf('.map'), record }
}

/**
 * @param {string} mediaType
 * @param {string} text
 */
function dataUrl(mediaType, text) {
  return `data:${mediaType};base64,${Buffer.from(text).toString('base64')}`
}

/**
 * The package.json that says what is found under the name of a folder's room: the nearest one, at most that of the
 * checkout, or of the whole disk for a source that a link leads to.
 * @param {string} folder
 * @param {string} root
 * @returns {string}
 */
function manifestOf(folder, root) {
  const manifest = join(folder, 'package.json')
  const isLast = folder === root || folder === dirname(folder)
  return isLast || existsSync(manifest) ? manifest : manifestOf(dirname(folder), root)
}

/** @returns {Plugin} */
function packagesStayImports() {
  const asked = Symbol('asked')
  return {
    name: 'packages stay imports',
    setup(build) {
      build.onResolve({ filter: /^[^.]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (kind === 'entry-point' || pluginData === asked) return undefined
        if (isBuiltin(path)) return { path, external: true }
        const found = await build.resolve(path, { importer, resolveDir, kind, pluginData: asked })
        if (found.errors.length > 0) return { errors: found.errors }
        // By its place, since what a name means depends on the room that imports it.
        return isPackage(found.path) ? { path: pathToFileURL(found.path).href, external: true } : { path: found.path }
      })
    },
  }
}

/**
 * @param {Map<string, string | null>} inputs gets the digest of every source, as it was read
 * @returns {Plugin}
 */
function sourcesKeepTheirPlaces(inputs) {
  return {
    name: 'sources keep their places',
    setup(build) {
      build.onLoad({ filter: /\.(ts|mjs|json)$/ }, async ({ path }) => {
        const bytes = await readFile(path)
        inputs.set(path, digestOf(bytes))
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
    said = said.replace(call, () => JSON.stringify(found.external ? found.path : pathToFileURL(found.path).href))
  }
  return said
}

/** @param {string} path */
function isPackage(path) {
  return path.split(sep).includes('node_modules')
}

/**
 * Null where there is no such file.
 * @param {string} path
 */
function digestOfFile(path) {
  return existsSync(path) ? digestOf(readFileSync(path)) : null
}

/** @param {string | Uint8Array} bytes */
function digestOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

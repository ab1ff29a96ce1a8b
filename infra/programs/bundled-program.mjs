import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { basename, dirname, extname, join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeFileAtomically } from '../../libs/record/files/src/write-atomically.mjs'

/** @typedef {import('esbuild').Plugin} Plugin */

const ownCheckout = resolve(import.meta.dirname, '../..')
const thisFile = 'infra/programs/bundled-program.mjs'

/**
 * The bundle of a program, as a file that Node runs: the sources of the checkout that it imports, in one module. It is
 * made where there is none of these very sources yet. Loading the sources one by one takes two seconds for some 600 of
 * them, the bundle half a second (decision 0044).
 *
 * Packages from outside stay imports. The bundle lies in `node_modules`, and belongs to one place of the checkout,
 * since `import.meta` in it stands for the places of the sources.
 * @param {string} entry its source, absolute or seen from the working directory
 * @param {string} [checkout]
 * @returns {Promise<string>}
 */
export async function bundledProgram(entry, checkout = ownCheckout) {
  const root = realpathSync(checkout)
  const source = realpathSync(entry)
  const name = `${basename(source, extname(source))}-${digestOf(`${root}\n${source}`).slice(0, 16)}.mjs`
  const file = join(root, 'node_modules/.cache/gauntlet/programs', name)
  if (!isCurrent(file, root)) await makeBundle(source, root, file)
  return file
}

/** What the last line of a bundle begins with; the digest of each file that it was made of follows, by its path. */
const madeOf = '//made of '

/**
 * @param {string} file
 * @param {string} root
 */
function isCurrent(file, root) {
  if (!existsSync(file)) return false
  const bundle = readFileSync(file, 'utf8')
  try {
    /** @type {Record<string, string | null>} */
    const inputs = JSON.parse(bundle.slice(bundle.lastIndexOf(madeOf) + madeOf.length))
    return Object.entries(inputs).every(([input, digest]) => digestOfSource(input, root) === digest)
  } catch {
    return false // A damaged one is made again.
  }
}

/**
 * @param {string} source
 * @param {string} root
 * @param {string} file
 */
async function makeBundle(source, root, file) {
  const { build } = await import('esbuild') // here, since it takes as long to load as a bundle to run
  const { outputFiles, metafile } = await build({
    entryPoints: [source],
    absWorkingDir: root,
    outfile: file,
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    charset: 'utf8',
    metafile: true,
    logLevel: 'silent',
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [packagesStayImports(), sourcesKeepTheirPlaces()],
  })
  const sources = Object.keys(metafile.inputs)
  const others = [thisFile, 'node_modules/.package-lock.json', ...manifestsOf(sources, root)]
  const inputs = Object.fromEntries([...sources, ...others].map((input) => [input, digestOfSource(input, root)]))
  mkdirSync(dirname(file), { recursive: true })
  for (const { path, contents } of outputFiles) if (path !== file) await writeFileAtomically(path, contents)
  const code = outputFiles.find(({ path }) => path === file)?.contents ?? new Uint8Array()
  await writeFileAtomically(file, Buffer.concat([code, Buffer.from(`${madeOf}${JSON.stringify(inputs)}\n`)]))
}

/**
 * The package.json files that say what is found under the names of these sources' rooms.
 * @param {readonly string[]} sources
 * @param {string} root
 */
function manifestsOf(sources, root) {
  const manifests = new Set()
  for (const folder of new Set(sources.map((source) => dirname(source)))) {
    let above = folder
    while (above !== '.' && !existsSync(join(root, above, 'package.json'))) above = dirname(above)
    manifests.add(join(above, 'package.json'))
  }
  return [...manifests]
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

/** @returns {Plugin} */
function sourcesKeepTheirPlaces() {
  return {
    name: 'sources keep their places',
    setup(build) {
      build.onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (!text.includes('import.meta')) return undefined
        const place = { filename: path, dirname: dirname(path), url: pathToFileURL(path).href }
        const contents = text.replace(
          /\bimport\.meta\.(filename|dirname|url)\b/g,
          (_, /** @type {keyof typeof place} */ what) => JSON.stringify(place[what]),
        )
        return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' }
      })
    },
  }
}

/** @param {string} path */
function isPackage(path) {
  return path.split(sep).includes('node_modules')
}

/**
 * Null where there is no such file.
 * @param {string} path
 * @param {string} root
 */
function digestOfSource(path, root) {
  const file = join(root, path)
  return existsSync(file) ? digestOf(readFileSync(file)) : null
}

/** @param {string | Uint8Array} bytes */
function digestOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

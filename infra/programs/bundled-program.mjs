import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeFileAtomically } from '../../libs/record/files/src/write-atomically.mjs'
import { cacheFolder } from '../setup/cache.mjs'
import { bundleOf, digestOf, digestOfFile } from './bundle-of.mjs'

/** @typedef {import('./bundle-of.mjs').Bundle} Bundle */

const ownCheckout = resolve(import.meta.dirname, '../..')

/** What a bundle depends on beside its sources. */
const others = ['infra/programs/bundle-of.mjs', 'infra/programs/bundled-program.mjs', 'node_modules/.package-lock.json']

/** How often a bundle is made while its sources go on changing. */
const tries = 3

/**
 * The URL of a program as one module that Node runs: the sources of the checkout that it imports. It is made where
 * there is none of these very sources yet. Loading the sources one by one takes two seconds for some 600 of them, the
 * module half a second (decision 0044).
 *
 * Packages from outside stay imports, by their places. The module belongs to one place of the checkout, since
 * `import.meta` in it stands for the places of the sources. It lies in `node_modules`, else in the user's cache; where
 * neither can be written it is made at each start.
 * @param {string} entry the source that it begins with, absolute or seen from the working directory
 * @param {string} [checkout]
 * @returns {Promise<string>}
 */
export async function bundledProgram(entry, checkout = ownCheckout) {
  const root = realpathSync(checkout)
  const source = realpathSync(entry)
  const name = `${basename(source, extname(source))}-${digestOf(`${root}\n${source}`).slice(0, 16)}.mjs`
  const folders = [join(root, 'node_modules/.cache/gauntlet/programs'), join(cacheFolder(), 'started-programs')]
  const files = folders.map((folder) => join(folder, name))
  const known = files.find((file) => isCurrent(file, root))
  if (known) return pathToFileURL(known).href
  const bundle = await settledBundle(source, root, name)
  for (const file of bundle.isSettled ? files : []) {
    try {
      return await written(bundle, file, root)
    } catch {
      // The next place may be written.
    }
  }
  return written(bundle, join(folderOfThisProcess(), name), root)
}

/**
 * A bundle of sources as they were at one time, if they come to rest.
 * @param {string} source
 * @param {string} root
 * @param {string} name
 */
async function settledBundle(source, root, name) {
  const paths = others.map((path) => join(root, path))
  let bundle = await bundleOf(source, root, name, paths)
  for (let made = 1; made < tries && !bundle.isSettled; made++) bundle = await bundleOf(source, root, name, paths)
  return bundle
}

/** What the last line of a bundle begins with; a `Made` follows. */
const madeOf = '//made of '

/**
 * @typedef {object} Made
 * @property {string} code digest of the lines before
 * @property {string} sourceMap its digest
 * @property {Readonly<Record<string, string | null>>} inputs
 */

/**
 * @param {string} file
 * @param {string} root
 */
function isCurrent(file, root) {
  try {
    const bundle = readFileSync(file, 'utf8')
    const end = bundle.lastIndexOf(madeOf)
    /** @type {Made} */
    const { code, sourceMap, inputs } = JSON.parse(bundle.slice(end + madeOf.length))
    return (
      digestOf(bundle.slice(0, end)) === code &&
      digestOfFile(`${file}.map`) === sourceMap &&
      Object.entries(inputs).every(([input, digest]) => digestOfFile(join(root, input)) === digest)
    )
  } catch {
    return false // There is none, or a damaged one: it is made again.
  }
}

/**
 * The URL of a bundle, once it is written.
 * @param {Bundle} bundle
 * @param {string} file
 * @param {string} root
 */
async function written({ code, sourceMap, inputs }, file, root) {
  /** @type {Made} */
  const made = {
    code: digestOf(code),
    sourceMap: digestOf(sourceMap),
    inputs: Object.fromEntries([...inputs].map(([path, digest]) => [relative(root, path), digest])),
  }
  mkdirSync(dirname(file), { recursive: true })
  await writeFileAtomically(`${file}.map`, sourceMap)
  await writeFileAtomically(file, `${code}${madeOf}${JSON.stringify(made)}\n`)
  return pathToFileURL(file).href
}

/** A folder until this process ends. Every line of a stack would hold the whole of a `data:` URL in its place. */
function folderOfThisProcess() {
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-start-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

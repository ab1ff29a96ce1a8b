import { readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { quoted } from './refuse.mjs'

/** @typedef {import('./refuse.mjs').Refuse} Refuse */

/**
 * What lies in a folder.
 * @typedef {object} FolderContents
 * @property {readonly { readonly name: string, readonly path: string }[]} files every file at any depth, by name
 * @property {readonly string[]} passedOver names of files and folders that systems leave behind (`isLeftBehind`)
 * @property {readonly string[]} emptyFolders names of folders without any file
 */

/**
 * Whether a relative name is one that an operating system or a program leaves behind and nobody means as data: hidden
 * files and folders, macOS' resource forks (`._*`, `__MACOSX`), and what Windows keeps beside pictures.
 * @param {string} name with `/`
 */
export function isLeftBehind(name) {
  return name.split('/').some((part) => /^(?:\..*|__MACOSX|Thumbs\.db|ehthumbs\.db|desktop\.ini|Icon\r)$/i.test(part))
}

/**
 * The form of a name that does not hang on the machine: NFC, since macOS may decompose what other systems compose.
 * @param {string} name
 */
export function plainName(name) {
  return name.normalize('NFC')
}

/**
 * The order of names that does not hang on a locale: by code point, as `LC_ALL=C sort` and Python sort.
 * @param {string} a
 * @param {string} b
 */
export function byCodePoint(a, b) {
  if (a === b) return 0
  const [left, right] = [Array.from(a), Array.from(b)]
  const at = left.findIndex((letter, i) => letter !== right[i])
  if (at < 0) return -1
  return right[at] === undefined ||
    /** @type {number} */ (left[at]?.codePointAt(0)) > /** @type {number} */ (right[at]?.codePointAt(0))
    ? 1
    : -1
}

/**
 * The files of a folder and of the folders in it, in the order of their names. Links are followed. Refuses a link that
 * leads nowhere or into a folder around it, names that are no text, and two names that differ in Unicode form alone.
 * @param {string} folder
 * @param {Refuse} refuse
 * @returns {FolderContents}
 */
export function walkFolder(folder, refuse) {
  /** @type {Map<string, string>} */
  const files = new Map()
  /** @type {{ passedOver: string[], emptyFolders: string[] }} */
  const rest = { passedOver: [], emptyFolders: [] }
  const visit = (/** @type {string} */ path, /** @type {string} */ prefix, /** @type {readonly string[]} */ around) => {
    const place = realpathSync(path)
    if (around.includes(place)) refuse(`its link ${quoted(prefix)} leads into a folder that holds it`)
    const before = files.size
    for (const entry of readdirSync(path)) {
      if (entry.includes('\uFFFD')) refuse(`it has the name ${quoted(prefix + entry)}, which is not UTF-8`)
      const name = prefix + plainName(entry)
      const status = statSync(join(path, entry), { throwIfNoEntry: false })
      if (isLeftBehind(name)) rest.passedOver.push(name)
      else if (!status) refuse(`its link ${quoted(name)} leads nowhere`)
      else if (status.isDirectory()) visit(join(path, entry), `${name}/`, [...around, place])
      else if (!status.isFile()) rest.passedOver.push(name)
      else if (files.has(name)) refuse(`it has ${quoted(name)} twice, in two forms of Unicode`)
      else files.set(name, join(path, entry))
    }
    if (files.size === before && prefix !== '') rest.emptyFolders.push(prefix.slice(0, -1))
  }
  visit(folder, '', [])
  return {
    files: [...files].map(([name, path]) => ({ name, path })).sort((a, b) => byCodePoint(a.name, b.name)),
    passedOver: rest.passedOver.sort(byCodePoint),
    emptyFolders: rest.emptyFolders.sort(byCodePoint),
  }
}

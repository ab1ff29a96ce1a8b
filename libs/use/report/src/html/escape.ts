import { digestOf } from '@gauntlet/study'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as HTML, XML and attributes in quotes hold it. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!)
}

/**
 * Names as the id of an element or the name of a file: letters, digits, points and hyphens, the same for the same names
 * and another for others. Plain names are joined by hyphens; where that could be read as other names too, twelve digits
 * of their SHA-256 follow.
 */
export function idOf(...names: readonly string[]): string {
  const readable = names.map((name) => name.replace(/[^\w.-]+/g, '-').slice(0, longestName)).join('-')
  return isUnambiguous(names, readable) ? readable : `${readable}-${digestOf(names).slice(0, 12)}`
}

const longestName = 80

/**
 * Hyphens of two names are not to be told from those between three, so only pairs may have them. The last name of a
 * pair is one of ours, and none of these is the end of another behind a hyphen.
 */
function isUnambiguous(names: readonly string[], readable: string): boolean {
  const plain = names.length > 2 ? /^[\w.]+$/ : /^[\w.-]+$/
  const looksDigested = /-[\da-f]{12}$/.test(readable)
  return names.every((name) => name.length <= longestName && plain.test(name)) && !looksDigested
}

/** The id of a table on the page, and the name of its file: of the protocol or studies that it is of, and its own. */
export function tableName(id: string): string {
  const end = id.lastIndexOf('/')
  return end === -1 ? idOf(id) : idOf(id.slice(0, end), id.slice(end + 1))
}

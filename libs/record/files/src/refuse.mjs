/**
 * How a reader refuses an archive: throws the caller's own error, so that each room keeps its own class and its own
 * advice. `wrong` is a clause about the archive, such as "it ends early".
 * @typedef {(wrong: string) => never} Refuse
 */

/**
 * A name as the archive has it, for a sentence: quoted, on one line, and short, since names may be as long as archives.
 * @param {string} name
 */
export function quoted(name) {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name)
}

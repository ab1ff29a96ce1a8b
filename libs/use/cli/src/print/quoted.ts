/** A word of a command that a shell takes as it is: quoted where it has more than plain characters, as of a path. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

import { accents, letters, mathematics } from './symbols.ts'

const special: Readonly<Record<string, string>> = {
  ...mathematics,
  ...letters,
  '\\': String.raw`\textbackslash{}`,
  '{': String.raw`\{`,
  '}': String.raw`\}`,
  $: String.raw`\$`,
  '&': String.raw`\&`,
  '%': String.raw`\%`,
  '#': String.raw`\#`,
  _: String.raw`\_`,
  '~': String.raw`\textasciitilde{}`,
  '^': String.raw`\textasciicircum{}`,
  '<': '$<$',
  '>': '$>$',
  '|': '$|$',
  // At the start of a row these two would be read as an option of the command before it.
  '[': '{[}',
  '*': '{*}',
}

/**
 * Text as LaTeX prints it, whatever is in it: pdfLaTeX with its default encodings accepts the result. Line ends and
 * tabs are spaces. A character that LaTeX has no command for is shown by its code point, such as [U+5168], so that none
 * is lost.
 */
export function escapeLatex(text: string): string {
  return [...text].map(escapeCharacter).join('')
}

function escapeCharacter(character: string): string {
  const known = Object.hasOwn(special, character) ? special[character] : undefined
  if (known !== undefined) return known
  if (/^[ -~]$/.test(character)) return character
  if (/^\s$/.test(character) && character !== '\ufeff') return ' '
  return accented(character) ?? String.raw`\texttt{[${codePointOf(character)}]}`
}

/** A Latin letter with one accent as the command of the accent; null where it is anything else. */
function accented(character: string): string | null {
  const [letter, accent, ...more] = character.normalize('NFD')
  const command = accent === undefined || more.length > 0 ? undefined : accents[accent]
  if (command === undefined || !/^[A-Za-z]$/.test(letter!)) return null
  return `\\${command}{${/^[ij]$/.test(letter!) ? `\\${letter}` : letter}}`
}

function codePointOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Text for a comment: on one line, since whatever follows the end of a line is read as LaTeX. */
export function commentText(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}

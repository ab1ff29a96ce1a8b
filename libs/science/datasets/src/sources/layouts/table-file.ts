/** A table as it was written, and what is wrong with its text, if anything. */
export interface TableFile {
  readonly rows: readonly string[][]
  /** With it, the rows only show what the table would be. */
  readonly wrong: string | undefined
}

/**
 * Reads a UTF-8 text of separated values (RFC 4180): the separator is the comma, semicolon or tab that the first line
 * has most of; fields may be quoted, with quotes doubled. Empty lines are left out.
 */
export function readTable(bytes: Uint8Array): TableFile {
  const text = new TextDecoder().decode(bytes)
  const { rows, openQuote } = rowsOf(text)
  if (!isUtf8(bytes)) return { rows, wrong: 'is not text in UTF-8; save it as UTF-8' }
  if (openQuote === undefined) return { rows, wrong: undefined }
  const line = text.slice(0, openQuote).split('\n').length
  // Read on behind the quote, since the field that it opens takes in all the rest
  return {
    rows: rowsOf(text.slice(0, openQuote) + text.slice(openQuote + 1)).rows,
    wrong: `has a quote in line ${line} that nothing closes; close or remove it`,
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** The rows of a text, and where a quote opens that is still open at the end. */
function rowsOf(text: string): { readonly rows: string[][]; readonly openQuote: number | undefined } {
  const head = text.slice(0, text.search(/[\r\n]|$/))
  const count = (separator: string) => head.split(separator).length
  const separator = [',', ';', '\t'].reduce((best, each) => (count(each) > count(best) ? each : best))
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let openQuote: number | undefined
  const endField = () => {
    row.push(field.trim())
    field = ''
  }
  const endRow = () => {
    endField()
    if (row.some((value) => value !== '')) rows.push(row)
    row = []
  }
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!
    if (openQuote !== undefined) {
      if (letter !== '"') field += letter
      else if (text[at + 1] === '"') field += text[++at]!
      else openQuote = undefined
    } else if (letter === '"' && field.trim() === '') openQuote = at
    else if (letter === separator) endField()
    else if (letter === '\n') endRow()
    else if (letter !== '\r') field += letter
  }
  endRow()
  return { rows, openQuote }
}

import { StudyFileInvalid, type SourcePosition } from './study-problem.ts'

/** The longest study file. A study takes a page; a file of a megabyte is not one. */
const sizeLimit = 1024 * 1024

/** The text of a study file, given as its bytes or as a string; a byte order mark is dropped. */
export function sourceText(source: string | Uint8Array, fileName: string): string {
  if (source.length > sizeLimit)
    refuse(fileName, { line: 1, column: 1 }, 'The file is over 1 MiB, which no study file is; name the right file.')
  const text = typeof source === 'string' ? source : decodeUtf8(source, fileName)
  const replaced = text.search(/\uFFFD|\p{Surrogate}/u)
  if (replaced >= 0) refuseEncoding(fileName, text.slice(0, replaced))
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

function decodeUtf8(bytes: Uint8Array, fileName: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const lenient = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
    return refuseEncoding(fileName, lenient.slice(0, lenient.indexOf('\uFFFD')))
  }
}

function refuseEncoding(fileName: string, before: string): never {
  const lines = before.replace(/^\uFEFF/, '').split('\n')
  const position = { line: lines.length, column: lines.at(-1)!.length + 1 }
  refuse(fileName, position, 'The file is not UTF-8 from here on; save it as UTF-8.')
}

function refuse(fileName: string, position: SourcePosition, message: string): never {
  throw new StudyFileInvalid([{ fileName, ...position, message }])
}

import type { ErrorCode, YAMLParseError } from 'yaml'

/** Messages for common mistakes; for the others the library's own message is shown. */
const sentences: Partial<Record<ErrorCode, string>> = {
  BLOCK_AS_IMPLICIT_KEY:
    'A key stands where a value is meant; check the indentation, or quote a value that holds a colon.',
  BAD_INDENT: 'The indentation does not match the lines above; keys of one map begin in the same column.',
  BLOCK_IN_FLOW: 'A block list or map cannot stand inside [ ] or { }; use one style.',
  MULTIPLE_DOCS: 'A second document begins here; a study file holds one.',
  MULTILINE_IMPLICIT_KEY: 'A key must stand on one line and end with a colon; check quotes and the colon.',
  NON_STRING_KEY: 'A key must be plain text.',
  TAB_AS_INDENT: 'A tab is used for indentation; use spaces.',
}

/** A YAML syntax error as one sentence on one line. */
export function syntaxMessage(error: YAMLParseError): string {
  const unclosed = /^Flow (?:map|sequence) in block collection .* end with a ([\]}])$/.exec(error.message)
  if (unclosed) return `A bracket opened before is not closed; write the missing ${unclosed[1]}.`
  const first = error.message.split('\n')[0]!.trim().replace(/[.:]$/, '')
  return sentences[error.code] ?? `Not valid YAML: ${first.replace(/\p{Control}/gu, '?')}.`
}

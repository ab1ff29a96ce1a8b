/** Levels of nesting beyond which a text is no JSON of ours: walks over it must not exhaust the stack. */
const deepest = 100

/**
 * The value of a JSON text, which may begin with a byte order mark, or null where it is none, or nested more than 100
 * levels deep.
 */
export function jsonOf(text: string): unknown {
  if (isTooDeep(text)) return null
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return null
  }
}

function isTooDeep(text: string): boolean {
  let [depth, isQuoted] = [0, false]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) isQuoted = !isQuoted
    else if (isQuoted && code === 0x5c)
      i++ // a backslash and what it escapes
    else if (isQuoted) continue
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > deepest) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

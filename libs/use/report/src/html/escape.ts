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

/** Text as the id of an element: letters, digits, points and hyphens. */
export function idOf(text: string): string {
  return text.replace(/[^\w.-]+/g, '-')
}

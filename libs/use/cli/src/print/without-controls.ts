/** The text without characters by which it could draw over a terminal, or break out of its line. */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}

/** The texts, each that was there before with a number behind it. Those are alike that `form` makes equal. */
export function distinct(texts: readonly string[], form = (text: string) => text): string[] {
  const taken = new Set<string>()
  return texts.map((text) => {
    let candidate = text
    for (let number = 2; taken.has(form(candidate)); number++) candidate = `${text}-${number}`
    taken.add(form(candidate))
    return candidate
  })
}

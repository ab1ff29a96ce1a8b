/** Names that a sentence has at most. */
const mostNamed = 10

/** The first names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length - mostNamed
  return [...names.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
}

/** The known name that a misspelt one most likely means, or null where none is near. */
export function closestName(written: string, known: readonly string[]): string | null {
  return closestNames(written, known)[0] ?? null
}

/** The known names that a misspelt one most likely means, at most three, the nearest first; none where none is near. */
export function closestNames(written: string, known: readonly string[]): string[] {
  const limit = Math.ceil(written.length / 3)
  return [...new Set(known)]
    .map((name) => ({ name, distance: distanceTo(name, written) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, mostNamed)
    .map(({ name }) => name)
}

const mostNamed = 3

function distanceTo(name: string, written: string): number {
  return partDistance(written, name) ?? Math.min(editDistance(written, name), beginningDistance(written, name))
}

/** The distance of a part of a name, which is nearer than any misspelling; a beginning is the nearest part. */
function partDistance(written: string, name: string): number | null {
  if (written.length < 2) return null
  const at = name.toLowerCase().indexOf(written.toLowerCase())
  if (at < 0 || name.length === written.length) return null
  return at === 0 ? 0.25 : 0.4
}

/** The distance of a misspelt beginning, since long ids are rarely written out. */
function beginningDistance(written: string, name: string): number {
  return written.length < 5 ? Infinity : editDistance(written, name.slice(0, written.length)) + 0.5
}

/** The Levenshtein distance, computed row by row. A difference between upper and lower case counts a quarter. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const substitution = previous[column - 1]! + substitutionCost(from[row - 1]!, to[column - 1]!)
      current.push(Math.min(previous[column]! + 1, current[column - 1]! + 1, substitution))
    }
    previous = current
  }
  return previous[to.length]!
}

function substitutionCost(from: string, to: string): number {
  if (from === to) return 0
  return from.toLowerCase() === to.toLowerCase() ? 0.25 : 1
}

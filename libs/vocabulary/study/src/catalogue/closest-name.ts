/** The known name a misspelt one most likely stands for, or null when none is near. */
export function closestName(written: string, known: readonly string[]): string | null {
  const limit = Math.ceil(written.length / 3)
  let best: { name: string; distance: number } | null = null
  for (const name of known) {
    const distance =
      partDistance(written, name) ?? Math.min(editDistance(written, name), beginningDistance(written, name))
    if (distance <= limit && (best === null || distance < best.distance)) best = { name, distance }
  }
  return best?.name ?? null
}

/** A name cut short is nearer than any misspelling, and nearest where its beginning stands. */
function partDistance(written: string, name: string): number | null {
  if (written.length < 2) return null
  const at = name.toLowerCase().indexOf(written.toLowerCase())
  if (at < 0 || name.length === written.length) return null
  return at === 0 ? 0.25 : 0.4
}

/** A misspelt beginning: long ids are rarely written out. */
function beginningDistance(written: string, name: string): number {
  return written.length < 5 ? Infinity : editDistance(written, name.slice(0, written.length)) + 0.5
}

/** Levenshtein distance, one row of the table at a time; upper for lower case counts a quarter. */
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

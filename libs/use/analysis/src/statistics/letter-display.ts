/**
 * The compact letter display of a set of comparisons: groups share a letter unless some letter-free pair differs, that
 * is, two groups have a letter in common if and only if they do not differ. By insertion and absorption (Piepho, J.
 * Comput. Graph. Stat. 13, 2004): one letter for all; each pair that differs splits every letter that holds both;
 * letters that another one covers are dropped. A group may have several letters.
 *
 * `differs(i, j)` says whether groups i < j differ. Letters are given from the first group on, so callers that sort
 * groups by their means get `a` for the best. After `z` follow `aa`, `ab`, …
 */
export function letterDisplay(groups: number, differs: (i: number, j: number) => boolean): string[] {
  let columns: ReadonlySet<number>[] = [new Set(Array.from({ length: groups }, (_, i) => i))]
  for (let i = 0; i < groups; i++)
    for (let j = i + 1; j < groups; j++) {
      if (differs(i, j)) columns = absorb(columns.flatMap((column) => split(column, i, j)))
    }
  const ordered = columns
    .map((column) => [...column].sort((a, b) => a - b))
    .sort((a, b) => a[0]! - b[0]! || a.at(-1)! - b.at(-1)!)
  return Array.from({ length: groups }, (_, group) =>
    ordered.map((column, letter) => (column.includes(group) ? letterName(letter) : '')).join(''),
  )
}

function split(column: ReadonlySet<number>, i: number, j: number): ReadonlySet<number>[] {
  if (!column.has(i) || !column.has(j)) return [column]
  return [j, i].map((left) => new Set([...column].filter((group) => group !== left)))
}

/** Drops what another column covers. Columns that cover none of each other split into different ones. */
function absorb(columns: readonly ReadonlySet<number>[]): ReadonlySet<number>[] {
  const isCovered = (column: ReadonlySet<number>) =>
    columns.some((other) => other !== column && [...column].every((group) => other.has(group)))
  return columns.filter((column) => !isCovered(column))
}

function letterName(index: number): string {
  const letter = String.fromCodePoint(97 + (index % 26))
  return index < 26 ? letter : letterName(Math.floor(index / 26) - 1) + letter
}

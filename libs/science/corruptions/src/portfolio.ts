import { InvalidInput, corruptionNames, type CorruptionName } from '@gauntlet/study'

export type Severity = 1 | 2 | 3 | 4 | 5

/**
 * The corruption of each of `count` images by its position: each of the n corruptions in turn has a block of
 * floor(count / n) images, and the images that are left over start again with the first.
 */
export function assignPortfolio(count: number, portfolio: readonly string[]): CorruptionName[] {
  const names = portfolio.map(knownCorruption)
  if (names.length === 0) throw new InvalidInput('The portfolio is empty; name at least one corruption.')
  const block = Math.max(Math.floor(count / names.length), 1)
  return Array.from({ length: count }, (_, position) => names[Math.floor(position / block) % names.length]!)
}

/** The name, if it is that of a corruption. */
export function knownCorruption(name: string): CorruptionName {
  const known = corruptionNames.find((candidate) => candidate === name)
  if (!known)
    throw new InvalidInput(`There is no corruption ${JSON.stringify(name)}; take one of ${corruptionNames.join(', ')}.`)
  return known
}

/** The severity, if it is from 1 to 5. */
export function knownSeverity(severity: number): Severity {
  if (![1, 2, 3, 4, 5].includes(severity))
    throw new InvalidInput(`There is no severity ${severity}; take an integer from 1 to 5.`)
  return severity as Severity
}

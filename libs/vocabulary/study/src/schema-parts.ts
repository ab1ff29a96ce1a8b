import { z } from 'zod'

export const source = z
  .string()
  .regex(
    /^(?:file:\S(?:.*\S)?|(?:pypi|npm|https?|hf):\S+)$/,
    'A source begins with pypi:, npm:, file:, https: or hf:, and only that of a file has spaces.',
  )
  .describe('Where the bytes come from.')

export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'A SHA-256 has 64 digits of 0–9 and a–f.')
  .describe('SHA-256 of the bytes; nothing unpinned is used.')

/** A value, or a list of them. */
export function oneOrMany<Item extends z.ZodType>(item: Item) {
  return z.union([item, z.array(item).min(1).max(10_000)])
}

const fraction = /^([1-9]\d{0,8}) ?\/ ?([1-9]\d{0,8})$/

const radius = 'A radius is a positive number or a fraction such as 4/255.'

/** A radius as people write it: `0.0157` or `4/255`. */
export const positiveEpsilon = z.union(
  [z.string().regex(fraction, radius), z.number().positive().max(1_000_000)],
  radius,
)

/** The radius a number or fraction stands for. */
export function epsilonOf(written: number | string): number {
  if (typeof written === 'number') return written
  const [, numerator, denominator] = fraction.exec(written)!
  return Number(numerator) / Number(denominator)
}

export function listOf<Item>(value: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(value) ? value : [value as Item]
}

import { z } from 'zod'

/**
 * A web address with a login or password before its host, or with a key or signature in its query. What it holds would
 * stand in rows, histories and lock files for ever, and a signature would expire.
 */
const withoutSecrets =
  /^(?!https?:\/\/[^/?#]*@)(?!https?:.*[?&](?:(?:\w+[-_.])*(?:token|key|apikey|secret|password|passwd|pwd|sig|signature|credential|accesskeyid)|auth|AWSAccessKeyId)=)/i

export const source = z
  .string()
  .regex(
    /^(?:file:\S(?:.*\S)?|(?:pypi|npm|https?|hf):\S+)$/,
    'A source begins with pypi:, npm:, file:, https: or hf:, and only that of a file has spaces.',
  )
  .refine(
    (written) => withoutSecrets.test(written),
    'An address in a study holds no password, token or signature; write it without, and put login and password into ~/.netrc, or fetch the file once and name it as file:….',
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

import { z } from '@hono/zod-openapi'

/* The parts of what the API is asked and answers. The page takes the types alone, so no schema is in its script. */

/** A SHA-256 in hexadecimal. */
export const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256 in 64 hexadecimal digits')
  .openapi({ example: '0'.repeat(64) })

/** A text that the ledger is asked for. Postgres has none with the character 0. */
export function askedText(most: number) {
  return z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\0]*$/, 'a text without the character 0')
}

/** A study by its name, its id, or at least eight characters that its id begins with. */
export const studyName = askedText(200).openapi({
  description: 'The name of a study, its id, or at least 8 characters that its id begins with',
})

/** A time in ISO 8601, UTC. */
export const time = z.string().datetime()

export const count = z.number().int().nonnegative()

/** What every answer with a status of 400 or more has. */
export const apiError = z.object({ error: z.string() }).openapi('Error')

export const flag = z
  .object({
    name: z.string(),
    value: z.number(),
    limit: z.number(),
    policy: z.enum(['mark', 'escalate', 'refuse']),
  })
  .openapi('Flag')

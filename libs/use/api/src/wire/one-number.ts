import { z } from '@hono/zod-openapi'
import { count, digest, flag, time } from './parts.ts'

/** One cell with what is known of it, for the panel beside the table. */
export const cell = z
  .object({
    row: count,
    position: count,
    configurationId: digest,
    perturbation: z.string(),
    evaluator: z.string(),
    configuration: z.string(),
    measurement: z
      .object({
        id: digest,
        correct: count,
        total: count,
        flags: z.array(flag),
        /** Images that the evaluation keeps; 0 where it keeps none. */
        hasPictures: z.boolean(),
      })
      .nullable(),
    reason: z.string().nullable(),
    /** Commands that say more of this cell, ready to be copied. */
    commands: z.array(z.object({ what: z.string(), command: z.string() })),
  })
  .openapi('Cell')
export type Cell = z.infer<typeof cell>

const artifact = z.object({ digest, size: count, mediaType: z.string() }).openapi('Artifact')

const tracedAttempt = z
  .object({
    number: count,
    worker: z.string(),
    device: z.string().nullable(),
    startedAt: time,
    endedAt: time.nullable(),
    outcome: z.string(),
    failureClass: z.string().nullable(),
    message: z.string().nullable(),
  })
  .openapi('Attempt')

const tracedExecution = z
  .object({
    stageKey: digest,
    stage: z.string(),
    parameters: z.unknown(),
    seed: z.number(),
    codeDigest: digest,
    environmentClass: digest,
    environment: z.unknown(),
    used: z.record(z.string(), artifact),
    generated: z.record(z.string(), artifact),
    attempts: z.array(tracedAttempt),
  })
  .openapi('Execution')
export type TracedExecution = z.infer<typeof tracedExecution>

/** A number and everything it came from, the evaluation first. */
export const trace = z
  .object({
    measurement: z.object({
      id: digest,
      configuration: z.unknown(),
      perturbation: z.unknown(),
      evaluator: z.string(),
      correct: count,
      total: count,
      stageKey: digest,
      outcomesDigest: digest,
      recordedAt: time,
    }),
    executions: z.array(tracedExecution),
    sources: z.array(z.object({ stage: z.string(), role: z.string(), artifact })),
  })
  .openapi('Trace')
export type Trace = z.infer<typeof trace>

/** Whether the bytes behind a number are those it was counted from, and count the same again. */
export const check = z
  .object({
    artifacts: z.array(z.object({ role: z.string(), digest, state: z.enum(['intact', 'missing', 'corrupt']) })),
    /** The number counted again from its outcomes; null where these cannot be read. */
    recounted: z.object({ correct: count, total: count }).nullable(),
    /** Whether all is well. */
    holds: z.boolean(),
    verdict: z.string(),
  })
  .openapi('Check')
export type Check = z.infer<typeof check>

/** One image that a perturbation felled. */
const picture = z
  .object({
    index: count,
    image: digest,
    label: z.number().int(),
    prediction: z.number().int(),
    felledBy: z.string().nullable(),
    run: z.number().int().nullable(),
    margin: z.number().nullable(),
    distance: z.number().nullable(),
    /** The factor by which the picture of the difference is enlarged; null where nothing differs. */
    differenceTimes: z.number().nullable(),
  })
  .openapi('Picture')
export type Picture = z.infer<typeof picture>

export const pictures = z.object({ side: count, pictures: z.array(picture) }).openapi('Pictures')
export type Pictures = z.infer<typeof pictures>

/** What one image did to one of the models of a study. */
export const imageOutcome = z
  .object({
    row: count,
    configuration: z.string(),
    measurementId: digest,
    index: count,
    held: z.boolean(),
    label: z.number().int(),
    prediction: z.number().int(),
    felledBy: z.string().nullable(),
    margin: z.number().nullable(),
    hasPicture: z.boolean(),
  })
  .openapi('ImageOutcome')
export type ImageOutcome = z.infer<typeof imageOutcome>

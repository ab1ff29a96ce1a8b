import { z } from '@hono/zod-openapi'
import { count, digest } from './parts.ts'

/** Failures alike: of one class, in one stage, of one backbone, with one message. */
const failureGroup = z
  .object({
    failureClass: z.string(),
    stage: z.string(),
    backbone: z.string(),
    message: z.string(),
    cells: count,
    /** Rows of the table, the first ones. */
    rows: z.array(count),
    lastAt: z.string().datetime(),
  })
  .openapi('FailureGroup')
export type FailureGroup = z.infer<typeof failureGroup>

/** What a study does at this moment, what it cost and what is left of it. */
export const studyNow = z
  .object({
    status: z.enum(['running', 'completed', 'failed', 'cancelled', 'terminated', 'unreachable', 'absent']),
    sentence: z.string(),
    cells: z.object({ total: count, measured: count, diverged: count, failed: count, pending: count }),
    /** Places of the configurations that are in flight, in the table. */
    running: z.array(count),
    /** Configurations that wait for a place in the window of the study; null where it does not run. */
    waiting: count.nullable(),
    /** Attempts in flight by their last heartbeats. */
    stages: z.array(
      z.object({
        stage: z.string(),
        stageKey: digest,
        worker: z.string(),
        device: z.string(),
        startedAt: z.string(),
        done: z.number(),
        total: z.number(),
        unit: z.string(),
        imagesPerSecond: z.number().nullable(),
      }),
    ),
    /** Attempts by stage and outcome, with the seconds they took. */
    spent: z.array(z.object({ stage: z.string(), outcome: z.string(), attempts: count, seconds: z.number() })),
    /** Device hours left at most, by measured speeds; null where nothing was measured. */
    deviceHoursLeft: z.number().nullable(),
    priceSentence: z.string(),
    /** Seconds until the end at the pace of the last minutes; null while there is too little to judge by. */
    secondsLeft: z.number().nullable(),
    failures: z.array(failureGroup),
    actions: z.array(z.object({ name: z.string(), sentence: z.string() })),
  })
  .openapi('StudyNow')
export type StudyNow = z.infer<typeof studyNow>

/** What happened to an action. */
export const actionResult = z.object({ sentence: z.string() }).openapi('ActionResult')

const epoch = z
  .object({
    epoch: count,
    learningRateBackbone: z.number(),
    learningRateHead: z.number(),
    trainingLoss: z.number(),
    trainingImages: count,
    trainingCleanCorrect: count.nullable(),
    trainingAdversarialCorrect: count.nullable(),
    validationImages: count.nullable(),
    validationCleanCorrect: count.nullable(),
    validationAdversarialCorrect: count.nullable(),
    validationCleanLoss: z.number().nullable(),
    validationAdversarialLoss: z.number().nullable(),
  })
  .openapi('Epoch')
export type Epoch = z.infer<typeof epoch>

/** The training of some configurations, epoch by epoch. */
export const curves = z
  .object({
    curves: z.array(
      z.object({
        position: count,
        configuration: z.string(),
        epochs: z.array(epoch).nullable(),
        /** Whether these are all epochs of the training. */
        hasEnded: z.boolean(),
        /** Why there are no epochs; null where there are. */
        reason: z.string().nullable(),
      }),
    ),
  })
  .openapi('Curves')
export type Curves = z.infer<typeof curves>

/** Something whose name or digest was looked for. */
export const searchHit = z
  .object({
    kind: z.enum(['study', 'dataset', 'backbone', 'configuration', 'measurement', 'stage', 'artifact']),
    name: z.string(),
    digest: digest.nullable(),
    studyId: digest,
    studyName: z.string(),
    row: count.nullable(),
  })
  .openapi('SearchHit')
export type SearchHit = z.infer<typeof searchHit>

/** What the server can do, for the page. */
export const serverFacts = z.object({ readOnly: z.boolean(), ledger: z.string() }).openapi('ServerFacts')
export type ServerFacts = z.infer<typeof serverFacts>

/** An event of the stream of changes. Its id is the position to go on from. */
export interface ChangeEvent {
  /** Their ids; `*` stands for all. */
  readonly studies: readonly string[]
  /** Everything must be read again: the ledger is another one. */
  readonly isOther: boolean
}

import type { Fact } from '@gauntlet/ledger'
import { configurationId, digestOf, stages, type Digest, type Json, type StageIdentity } from '@gauntlet/study'
import { z } from 'zod'

/** Characters of a text that a record may have. */
const longestText = 1 << 20

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const text = z.string().max(longestText)
const time = z.iso.datetime({ precision: 6 })
const count = z.int().nonnegative()
/** A value of a line, which was parsed as JSON already. */
const json = z.custom<Json>((value) => value !== undefined)
const digests = z.record(text, digest)
const reference = z.strictObject({ digest, size: count, mediaType: text })
const references = z.record(text, reference)
const stage = z.enum(stages)

/** What is read of a configuration before it is known to be one of the study's. */
const configuration = z.looseObject({
  dataset: z.looseObject({ id: text }),
  backbone: z.looseObject({ id: text, inputContract: text }),
  loss: text,
  protocol: z.looseObject({ id: text }),
  seed: z.int(),
})
const flag = z.strictObject({
  name: text,
  value: z.number(),
  limit: z.number(),
  policy: z.enum(['mark', 'escalate', 'refuse']),
})
const outcome = z.enum(['fulfilled', 'failed', 'cancelled', 'superseded', 'withdrawn'])

const factSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('study'),
    id: digest,
    name: text,
    document: json,
    file: z.string().max(64 * longestText),
    createdAt: time,
  }),
  z.strictObject({ kind: z.literal('environment'), class: digest, document: json }),
  z.strictObject({ kind: z.literal('configuration'), id: digest, position: count.nullable(), document: configuration }),
  z.strictObject({
    kind: z.literal('perturbation'),
    key: digest,
    position: count,
    document: z.looseObject({ name: text }),
  }),
  z.strictObject({ kind: z.literal('exclusion'), position: count, cell: json, reason: text }),
  z.strictObject({
    kind: z.literal('execution'),
    stageKey: digest,
    stage,
    configurationId: digest.nullable(),
    parameters: json,
    seed: z.int(),
    codeDigest: digest,
    environmentClass: digest,
    inputs: digests,
  }),
  z.strictObject({
    kind: z.literal('fulfilment'),
    stageKey: digest,
    fulfilledAt: time,
    used: references,
    generated: references,
  }),
  z.strictObject({
    kind: z.literal('attempt'),
    stageKey: digest,
    id: text,
    number: z.int().positive(),
    worker: text.nullable(),
    device: text.nullable(),
    startedAt: time,
    endedAt: time,
    outcome,
    failureClass: text.nullable(),
    message: text.nullable(),
    workflowId: text.nullable(),
    runId: text.nullable(),
    generated: digests.nullable(),
    details: json,
  }),
  z.strictObject({
    kind: z.literal('withdrawal'),
    stageKey: digest,
    attemptId: text,
    fulfilledAt: time,
    withdrawnAt: time,
    reason: text,
    used: digests,
    generated: digests,
    measurements: z.array(json),
  }),
  z.strictObject({
    kind: z.literal('measurement'),
    id: digest,
    configurationId: digest,
    perturbationKey: digest,
    stageKey: digest,
    outcomesDigest: digest,
    evaluator: text,
    flags: z.array(flag),
    correct: count,
    total: z.int().positive(),
    recordedAt: time,
  }),
  z.strictObject({
    kind: z.literal('failure'),
    configurationId: digest,
    stage,
    perturbationKey: digest.nullable(),
    stageKey: digest.nullable(),
    failureClass: text,
    message: text,
    evidence: json,
  }),
])

/**
 * A fact from outside: its fields are those of its kind, and its id is the digest of what it stands for. Gives what is
 * wrong as a clause otherwise.
 */
export function parseFact(document: unknown): Fact | string {
  const parsed = factSchema.safeParse(document)
  if (!parsed.success) return `it has a fact of another form (${z.prettifyError(parsed.error).split('\n')[0]})`
  const fact = parsed.data as Fact
  const [named, found] = identityOf(fact)
  return named === found ? fact : `its ${fact.kind} ${named} is one of another content`
}

/** The id of a fact and what it must be; equal where it stands for nothing that is at hand. */
function identityOf(fact: Fact): [Digest, Digest] {
  if (fact.kind === 'environment') return [fact.class, digestOf(fact.document)]
  if (fact.kind === 'configuration') return [fact.id, configurationId(fact.document)]
  if (fact.kind === 'perturbation') return [fact.key, digestOf(fact.document)]
  if (fact.kind === 'execution') {
    const { stage, codeDigest, environmentClass, parameters, seed, inputs, stageKey } = fact
    const identity = { stage, codeDigest, environmentClass, parameters, seed, inputs } as StageIdentity
    return [stageKey, digestOf(identity)]
  }
  if (fact.kind === 'measurement') {
    const { configurationId: configuration, perturbationKey: perturbation, stageKey, id } = fact
    return [id, digestOf({ configuration, perturbation, stageKey })]
  }
  return ['', '']
}

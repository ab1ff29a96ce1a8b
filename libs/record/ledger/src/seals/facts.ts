import type { ArtifactsByRole, Configuration, Digest, Json, Perturbation, StageName } from '@gauntlet/study'
import type { AuditedMeasurement } from '../audit/audited-study.ts'

/** The kinds of facts that the record of a study has. Each refers only to kinds before it. */
export const factKinds = [
  'study',
  'environment',
  'configuration',
  'perturbation',
  'exclusion',
  'execution',
  'fulfilment',
  'attempt',
  'withdrawal',
  'measurement',
  'failure',
] as const
export type FactKind = (typeof factKinds)[number]

/** The facts about one stage stand together in a record; those of other kinds follow one another by kind. */
const aboutStages: readonly FactKind[] = ['execution', 'fulfilment', 'attempt', 'withdrawal']

type ByRole = Readonly<Record<string, Digest>>

/**
 * One thing that the ledger has of a study and that does not change: every row but attempts that run, and every column
 * but when a number was last confirmed. Times are ISO 8601 in UTC with microseconds.
 */
export type Fact =
  | {
      readonly kind: 'study'
      readonly id: Digest
      readonly name: string
      readonly document: Json
      readonly file: string
      readonly createdAt: string
    }
  | { readonly kind: 'environment'; readonly class: Digest; readonly document: Json }
  | {
      readonly kind: 'configuration'
      readonly id: Digest
      /** Its place in the study, from 0; null for one of another study that asked for a shared stage first. */
      readonly position: number | null
      readonly document: Configuration
    }
  | { readonly kind: 'perturbation'; readonly key: Digest; readonly position: number; readonly document: Perturbation }
  | { readonly kind: 'exclusion'; readonly position: number; readonly cell: Json; readonly reason: string }
  | {
      readonly kind: 'execution'
      readonly stageKey: Digest
      readonly stage: StageName
      readonly configurationId: Digest | null
      readonly parameters: Json
      readonly seed: number
      readonly codeDigest: Digest
      readonly environmentClass: Digest
      readonly inputs: ByRole
    }
  | {
      readonly kind: 'fulfilment'
      readonly stageKey: Digest
      readonly fulfilledAt: string
      readonly used: ArtifactsByRole
      readonly generated: ArtifactsByRole
    }
  | {
      readonly kind: 'attempt'
      readonly stageKey: Digest
      readonly id: string
      readonly number: number
      readonly worker: string | null
      readonly device: string | null
      readonly startedAt: string
      readonly endedAt: string
      readonly outcome: 'fulfilled' | 'failed' | 'cancelled' | 'superseded' | 'withdrawn'
      readonly failureClass: string | null
      readonly message: string | null
      readonly workflowId: string | null
      readonly runId: string | null
      readonly generated: ByRole | null
      readonly details: Json
    }
  | {
      readonly kind: 'withdrawal'
      readonly stageKey: Digest
      readonly attemptId: string
      readonly fulfilledAt: string
      readonly withdrawnAt: string
      readonly reason: string
      readonly used: ByRole
      readonly generated: ByRole
      readonly measurements: readonly Json[]
    }
  | (AuditedMeasurement & { readonly kind: 'measurement'; readonly recordedAt: string })
  | {
      /** Without its time, since the same failure of a later run replaces it. */
      readonly kind: 'failure'
      readonly configurationId: Digest
      readonly stage: StageName
      readonly perturbationKey: Digest | null
      readonly stageKey: Digest | null
      readonly failureClass: string
      readonly message: string
      readonly evidence: Json
    }

/** A fact of one kind. */
export type FactOf<Kind extends FactKind> = Extract<Fact, { readonly kind: Kind }>

/** What tells a fact from all others of its kind in a study. */
export function factId(fact: Fact): string {
  switch (fact.kind) {
    case 'study':
    case 'configuration':
    case 'measurement':
      return fact.id
    case 'environment':
      return fact.class
    case 'perturbation':
      return fact.key
    case 'exclusion':
      return String(fact.position).padStart(10, '0')
    case 'execution':
    case 'fulfilment':
      return fact.stageKey
    case 'attempt':
      return `${fact.stageKey}/${fact.id}`
    case 'withdrawal':
      return `${fact.stageKey}/${fact.attemptId}`
    case 'failure':
      return [fact.configurationId, fact.stage, fact.perturbationKey ?? '', fact.stageKey ?? ''].join('/')
  }
}

/**
 * Where a fact stands in the record of its study: records are in the order of these texts by code unit. It ends with
 * the kind and the id.
 */
export function factPlace(fact: Fact): string {
  const rank = factKinds.indexOf(fact.kind).toString(16)
  const stage = 'stageKey' in fact && aboutStages.includes(fact.kind) ? `${fact.stageKey} ` : ''
  const section = stage === '' ? rank : factKinds.indexOf('execution').toString(16)
  return `${section} ${stage}${rank} ${fact.kind} ${factId(fact)}`
}

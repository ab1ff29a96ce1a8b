import {
  configurationId,
  digestOf,
  digestOfBytes,
  evaluatorLabel,
  type Configuration,
  type Digest,
  type Json,
  type Perturbation,
  type StudyAnnotations,
} from '@gauntlet/study'
import { inBatches } from '../database/in-batches.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { studyFileType } from '../audit/reachable-artifacts.ts'
import {
  artifact,
  configuration,
  exclusion,
  perturbation,
  study,
  studyConfiguration,
  studyPerturbation,
} from '../schema/index.ts'
import { documentOf } from '../schema/json-document.ts'
import { annotateStudy } from './study-annotations.ts'

/** What a study consists of, in the order of its table. */
export interface StudyParts {
  readonly configurations: readonly Configuration[]
  readonly perturbations: readonly Perturbation[]
  readonly exclusions: readonly { readonly cell: Json | object; readonly reason: string }[]
}

/** An expanded study: its identity, and what it consists of. */
export interface StudyRecord extends StudyParts {
  readonly id: Digest
  readonly name: string
  readonly document: Json
  /** The study file's text. */
  readonly file: string
  /** What its file says for people. */
  readonly annotations?: StudyAnnotations
  /** The study that it was made of by an extension. */
  readonly extends?: Digest
}

/** The identity of a perturbation: the digest of its canonical form. */
export function perturbationKey(how: Perturbation): Digest {
  return digestOf(how)
}

/**
 * Records a study and its grid. Recording it again changes nothing but that the file may be another text of it, and
 * what it says for people.
 */
export async function recordStudy(db: LedgerDatabase, record: StudyRecord): Promise<void> {
  const { id, name, document, file, annotations = {} } = record
  await db.transaction(async (transaction) => {
    await transaction
      .insert(study)
      .values({ id, name, document: documentOf(document), file, extends: record.extends ?? null })
      .onConflictDoNothing()
    await annotateStudy(transaction, id, annotations)
    const bytes = Buffer.from(file)
    await transaction
      .insert(artifact)
      .values({ digest: digestOfBytes(bytes), size: bytes.length, mediaType: studyFileType })
      .onConflictDoNothing()
    await recordGrid(transaction, id, record)
  })
}

/** Records what a study consists of, in the order of its table. What is there stays. */
export async function recordGrid(
  db: LedgerDatabase,
  studyId: Digest,
  { configurations, perturbations, exclusions }: StudyParts,
): Promise<void> {
  for (const rows of inBatches(configurationRows(configurations)))
    await db.insert(configuration).values(rows).onConflictDoNothing()
  const members = configurations.map((cell, position) => ({
    studyId,
    configurationId: configurationId(cell),
    position,
  }))
  for (const rows of inBatches(members)) await db.insert(studyConfiguration).values(rows).onConflictDoNothing()
  for (const rows of inBatches(perturbationRows(perturbations)))
    await db.insert(perturbation).values(rows).onConflictDoNothing()
  const measured = perturbations.map((how, position) => ({ studyId, perturbationKey: perturbationKey(how), position }))
  for (const rows of inBatches(measured)) await db.insert(studyPerturbation).values(rows).onConflictDoNothing()
  const excluded = exclusions.map(({ cell, reason }, position) => ({
    studyId,
    position,
    cell: documentOf(cell as Json),
    reason,
  }))
  for (const rows of inBatches(excluded)) await db.insert(exclusion).values(rows).onConflictDoNothing()
}

/** The rows of perturbations, which several studies may share. */
export function perturbationRows(perturbations: readonly Perturbation[]) {
  const rows = perturbations.map((how) => ({
    key: perturbationKey(how),
    name: how.name,
    epsilon: 'epsilon' in how ? how.epsilon : null,
    evaluator: evaluatorLabel(how),
    document: how,
  }))
  return sortedBy(rows, (row) => row.key)
}

/** The rows of configurations, which several studies may share. */
export function configurationRows(configurations: readonly Configuration[]) {
  const rows = configurations.map((cell) => ({
    id: configurationId(cell),
    dataset: cell.dataset.id,
    backbone: cell.backbone.id,
    loss: cell.loss,
    protocol: cell.protocol.id,
    seed: cell.seed,
    document: cell,
  }))
  return sortedBy(rows, (row) => row.id)
}

/** The rows in an order that is the same in every transaction, so that two which insert shared rows cannot deadlock. */
export function sortedBy<Row>(rows: readonly Row[], key: (row: Row) => string): Row[] {
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

import { eq, inArray, sql } from 'drizzle-orm'
import { canonicalJson, type ArtifactReference, type Digest } from '@gauntlet/study'
import { factId, factKinds, type Fact, type FactKind, type FactOf } from './facts.ts'
import { ImportContradicted } from './import-contradicted.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { recordSeal, type NewSeal } from './record-seal.ts'
import { configurationRows, recordGrid, sortedBy, type StudyParts } from '../studies/record-study.ts'
import {
  artifact,
  attempt,
  configuration,
  configurationFailure,
  environment,
  execution,
  executionArtifact,
  importedStage,
  measurement,
  study,
  studyConfiguration,
  studyPerturbation,
  withdrawal,
} from '../schema/index.ts'
import { documentOf } from '../schema/json-document.ts'
import { attemptFacts, describedEnvironments, fulfilmentFacts, measurementFacts } from './study-facts.ts'

/** Facts that are written at a time. */
const pageSize = 2_000

/** A seal that comes with facts. */
export type ImportedSeal = Omit<NewSeal, 'origin'>

/** What an import has changed. */
export interface ImportCounts {
  /** Stages that are fulfilled by the import alone. */
  readonly stages: number
  readonly measurements: number
}

/**
 * Writes the facts of a study in one transaction: all of them or, where the ledger has something else, none. Facts must
 * come in the order of a record, and must have been checked: whatever an id is a digest of has that digest. What the
 * ledger has already stays as it is, so importing again changes nothing. A stage that was fulfilled here too stays
 * fulfilled from here, and the attempt of elsewhere counts as superseded. The first of the seals is the one on these
 * facts, the others came before it. `grid` is all that the study consists of, since facts may withhold a part of it.
 * Throws `ImportContradicted`.
 */
export async function importFacts(
  db: LedgerDatabase,
  facts: AsyncIterable<Fact>,
  seals: readonly ImportedSeal[],
  grid: StudyParts,
): Promise<ImportCounts> {
  const [last] = seals
  return db.transaction(async (transaction) => {
    const writer = new FactWriter(transaction, last!.studyId, last!.digest)
    for await (const page of pages(facts)) {
      for (const kind of factKinds) {
        const ofKind = page.filter((fact) => fact.kind === kind)
        if (ofKind.length > 0) await writer.write(ofKind)
        if (kind !== 'study' || ofKind.length === 0) continue
        for (const one of seals.toReversed()) await recordSeal(transaction, { ...one, origin: 'imported' })
        await writer.writeGrid(grid)
      }
    }
    return writer.counts
  })
}

/** As many facts as are written at a time. */
async function* pages(facts: AsyncIterable<Fact>): AsyncGenerator<Fact[]> {
  let page: Fact[] = []
  for await (const fact of facts) {
    page.push(fact)
    if (page.length < pageSize) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

type Writers = { readonly [Kind in FactKind]: (facts: readonly FactOf<Kind>[]) => Promise<unknown> }

/** Writes pages of facts. */
class FactWriter {
  readonly counts = { stages: 0, measurements: 0 }

  constructor(
    private readonly db: LedgerDatabase,
    private readonly studyId: Digest,
    private readonly sealDigest: Digest,
  ) {}

  write(page: readonly Fact[]): Promise<unknown> {
    const write = this.writers[page[0]!.kind] as (facts: readonly Fact[]) => Promise<unknown>
    return write(page)
  }

  /** Records everything that the study consists of. */
  async writeGrid(grid: StudyParts): Promise<void> {
    await recordGrid(this.db, this.studyId, grid)
    const ofStudy = (table: typeof studyConfiguration | typeof studyPerturbation) =>
      this.db.$count(table, eq(table.studyId, this.studyId))
    const found = [await ofStudy(studyConfiguration), await ofStudy(studyPerturbation)]
    if (found[0] !== grid.configurations.length || found[1] !== grid.perturbations.length)
      throw new ImportContradicted(`The ledger has another grid of study ${this.studyId}`)
  }

  private readonly writers: Writers = {
    study: (facts) =>
      this.insert(study, facts, ({ kind: _kind, document, createdAt, ...row }) => ({
        ...row,
        document: documentOf(document),
        createdAt: timeOf(createdAt),
      })),
    environment: (facts) => this.environments(facts),
    // Those of the study are in its grid; the others are of studies that asked for a shared stage first.
    configuration: (facts) => this.insertRows(configuration, configurationRows(facts.map(({ document }) => document))),
    // They are in the grid.
    perturbation: () => Promise.resolve(),
    exclusion: () => Promise.resolve(),
    execution: (facts) =>
      this.insert(execution, facts, ({ kind: _kind, parameters, ...row }) => ({
        ...row,
        parameters: documentOf(parameters),
      })),
    fulfilment: (facts) => this.fulfilments(facts),
    attempt: (facts) => this.attempts(facts),
    withdrawal: (facts) =>
      this.insert(withdrawal, facts, ({ kind: _kind, fulfilledAt, withdrawnAt, ...row }) => ({
        ...row,
        fulfilledAt: timeOf(fulfilledAt),
        withdrawnAt: timeOf(withdrawnAt),
      })),
    measurement: (facts) => this.measurements(facts),
    failure: (facts) =>
      this.insert(configurationFailure, facts, ({ kind: _kind, evidence, ...row }) => ({
        studyId: this.studyId,
        ...row,
        evidence: documentOf(evidence),
      })),
  }

  private async insert<One extends Fact>(
    table: Parameters<LedgerDatabase['insert']>[0],
    facts: readonly One[],
    rowOf: (fact: One) => object,
  ): Promise<void> {
    await this.insertRows(table, sortedBy(facts, factId).map(rowOf))
  }

  private async insertRows(table: Parameters<LedgerDatabase['insert']>[0], rows: readonly object[]): Promise<void> {
    if (rows.length > 0)
      await this.db
        .insert(table)
        .values(rows as never)
        .onConflictDoNothing()
  }

  private async environments(facts: readonly FactOf<'environment'>[]): Promise<void> {
    await this.insert(environment, facts, (fact) => ({ class: fact.class, document: fact.document }))
    const known = await describedEnvironments(
      this.db,
      facts.map((fact) => fact.class),
    )
    this.requireSame(facts, known, (fact) => fact.document)
  }

  private async fulfilments(facts: readonly FactOf<'fulfilment'>[]): Promise<void> {
    // A stage that is fulfilled meanwhile waits until this import has ended, and then finds it fulfilled.
    await this.db
      .select({ key: execution.stageKey })
      .from(execution)
      .where(
        inArray(
          execution.stageKey,
          facts.map(({ stageKey }) => stageKey),
        ),
      )
      .orderBy(execution.stageKey)
      .for('update')
    const known = new Map((await fulfilmentFacts(this.db, facts.map(factId))).map((fact) => [fact.stageKey, fact]))
    this.requireSame(facts, [...known.values()], ({ generated }) => digestsOf(generated))
    const fresh = facts.filter(({ stageKey }) => !known.has(stageKey))
    const references = fresh.flatMap(({ used, generated }) => [...Object.values(used), ...Object.values(generated)])
    await insertInParts(
      sortedBy(uniqueReferences(references), ({ digest }) => digest),
      (rows) => this.db.insert(artifact).values(rows).onConflictDoNothing(),
    )
    await insertInParts(fresh.flatMap(edgesOf), (rows) =>
      this.db.insert(executionArtifact).values(rows).onConflictDoNothing(),
    )
    const times = JSON.stringify(fresh.map(({ stageKey, fulfilledAt }) => ({ key: stageKey, at: fulfilledAt })))
    await this.db.execute(sql`
      update ${execution} set state = 'fulfilled', fulfilled_at = r.at
      from jsonb_to_recordset(${times}::jsonb) as r(key text, at timestamptz) where stage_key = r.key`)
    await insertInParts(
      fresh.map(({ stageKey }) => ({ stageKey, sealDigest: this.sealDigest })),
      (rows) => this.db.insert(importedStage).values(rows).onConflictDoNothing(),
    )
    this.counts.stages += fresh.length
  }

  private async attempts(facts: readonly FactOf<'attempt'>[]): Promise<void> {
    const keys = [...new Set(facts.map(({ stageKey }) => stageKey))]
    const known = await attemptFacts(this.db, keys)
    this.requireSame(facts, known, ({ kind: _kind, outcome, ...rest }) => ({
      ...rest,
      succeeded: outcome === 'fulfilled' || outcome === 'superseded',
    }))
    const fulfilledBy = new Map(
      known.filter(({ outcome }) => outcome === 'fulfilled').map(({ stageKey, id }) => [stageKey, id]),
    )
    await this.insert(attempt, facts, ({ kind: _kind, startedAt, endedAt, details, outcome, ...row }) => ({
      ...row,
      outcome: outcome === 'fulfilled' && (fulfilledBy.get(row.stageKey) ?? row.id) !== row.id ? 'superseded' : outcome,
      startedAt: timeOf(startedAt),
      endedAt: timeOf(endedAt),
      details: documentOf(details),
    }))
  }

  private async measurements(facts: readonly FactOf<'measurement'>[]): Promise<void> {
    const known = await measurementFacts(this.db, facts.map(factId))
    this.requireSame(facts, known, ({ outcomesDigest, correct, total }) => ({ outcomesDigest, correct, total }))
    await this.insert(measurement, facts, ({ kind: _kind, recordedAt, ...row }) => ({
      ...row,
      recordedAt: timeOf(recordedAt),
      confirmedAt: timeOf(recordedAt),
    }))
    this.counts.measurements += facts.length - known.length
  }

  /** Refuses facts of which the ledger says something else. */
  private requireSame<One extends Fact>(
    facts: readonly One[],
    known: readonly One[],
    whatCounts: (fact: One) => unknown,
  ) {
    const byId = new Map(known.map((fact) => [factId(fact), fact]))
    for (const fact of facts) {
      const other = byId.get(factId(fact))
      if (other && canonicalJson(whatCounts(other)) !== canonicalJson(whatCounts(fact)))
        throw new ImportContradicted(`The ledger has another ${fact.kind} ${factId(fact)}`)
    }
  }
}

/** A time with its microseconds, which `Date` would drop. */
function timeOf(text: string) {
  return sql`${text}::timestamptz`
}

function digestsOf(byRole: Readonly<Record<string, ArtifactReference>>): Record<string, Digest> {
  return Object.fromEntries(Object.entries(byRole).map(([role, { digest }]) => [role, digest]))
}

function uniqueReferences(references: readonly ArtifactReference[]): ArtifactReference[] {
  return [...new Map(references.map((reference) => [reference.digest, reference])).values()]
}

function edgesOf({ stageKey, used, generated }: FactOf<'fulfilment'>) {
  return (['used', 'generated'] as const).flatMap((direction) =>
    Object.entries(direction === 'used' ? used : generated).map(([role, { digest }]) => ({
      stageKey,
      direction,
      role,
      digest,
    })),
  )
}

async function insertInParts<Row>(rows: readonly Row[], insert: (part: Row[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < rows.length; from += 5 * pageSize) await insert(rows.slice(from, from + 5 * pageSize))
}

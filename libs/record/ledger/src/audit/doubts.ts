import { and, eq, isNull, sql, type SQL } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import { begin } from '../studies/find-study.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { artifact, doubt, execution, executionArtifact, measurement, reproduction } from '../schema/index.ts'

/** A doubt about bytes, as it was raised and perhaps withdrawn. */
export type Doubt = typeof doubt.$inferSelect

/** Nothing that can be doubted is called so, or several things are. A retry does not help; the message does. */
export class DoubtSubjectUnknown extends Error {
  override readonly name = 'DoubtSubjectUnknown'
}

/** There is no such doubt, or it was withdrawn before. A retry does not help. */
export class DoubtUnknown extends Error {
  override readonly name = 'DoubtUnknown'

  constructor(id: number) {
    super(`There is no doubt ${id} that stands; npx gauntlet doubt --list shows those that do.`)
  }
}

/** The fewest hexadecimal digits that stand for a digest. */
const shortestPrefix = 8

/**
 * The digest that a text stands for: the beginning of one that lineage names (an artifact, the bundle of a stage, the
 * source of a dataset or of weights), or the id of a dataset with one source. Throws `DoubtSubjectUnknown`.
 */
export async function doubtable(db: LedgerDatabase, text: string): Promise<Digest> {
  const isDigest = new RegExp(`^[0-9a-f]{${shortestPrefix},64}$`).test(text)
  const found = isDigest ? await digestsBeginning(db, text) : await sourcesOfDataset(db, text)
  if (found.length === 1) return found[0]!
  if (found.length > 1)
    throw new DoubtSubjectUnknown(`${text} stands for several digests: ${found.join(', ')}; give one of them.`)
  throw new DoubtSubjectUnknown(
    `No lineage names ${text}; give the digest of an artifact, of code or of a source, or the id of a dataset that was prepared.`,
  )
}

async function digestsBeginning(db: LedgerDatabase, prefix: string): Promise<Digest[]> {
  const rows = await db
    .select({ digest: sql<Digest>`${artifact.digest}` })
    .from(artifact)
    .where(begin(artifact.digest, prefix))
    .limit(5)
  return rows.map(({ digest }) => digest)
}

async function sourcesOfDataset(db: LedgerDatabase, id: string): Promise<Digest[]> {
  const rows = await db
    .selectDistinct({ digest: sql<Digest>`${execution.inputs} ->> 'source'` })
    .from(execution)
    .where(and(sql`${execution.stage} = 'prepare-dataset'`, sql`${execution.parameters} #>> '{dataset,id}' = ${id}`))
  return rows.map(({ digest }) => digest)
}

/** Records a doubt and gives its number. Tables show the numbers that rest on it as doubted from now on. */
export async function raiseDoubt(db: LedgerDatabase, digest: Digest, why: string): Promise<number> {
  return db.transaction(async (transaction) => {
    const [raised] = await transaction.insert(doubt).values({ digest, why }).returning({ id: doubt.id })
    await markChanged(transaction, digest)
    return raised!.id
  })
}

/** Withdraws a doubt that stands. Throws `DoubtUnknown`. */
export async function withdrawDoubt(db: LedgerDatabase, id: number, why: string): Promise<void> {
  await db.transaction(async (transaction) => {
    const [withdrawn] = await transaction
      .update(doubt)
      .set({ withdrawnAt: sql`clock_timestamp()`, withdrawnWhy: why })
      .where(and(eq(doubt.id, id), isNull(doubt.withdrawnAt)))
      .returning({ digest: doubt.digest })
    if (!withdrawn) throw new DoubtUnknown(id)
    await markChanged(transaction, withdrawn.digest)
  })
}

/** Every doubt, the last one first. */
export function listDoubts(db: LedgerDatabase): Promise<Doubt[]> {
  return db
    .select()
    .from(doubt)
    .orderBy(sql`${doubt.id} desc`)
}

/** Lets readers that follow the ledger find the numbers that rest on these bytes. */
async function markChanged(db: LedgerDatabase, digest: Digest): Promise<void> {
  await db.execute(sql`
    with recursive ${restingOn(sql`select 0, ${digest}::text`)}
    update ${measurement} set id = id where stage_key in (select stage_key from resting)`)
}

/** The keys of the stages that rest on these bytes: they used them, or what was made with them. */
export async function stagesRestingOn(db: LedgerDatabase, digest: Digest): Promise<Digest[]> {
  const { rows } = await db.execute<{ stage_key: Digest }>(sql`
    with recursive ${restingOn(sql`select 0, ${digest}::text`)} select distinct stage_key from resting`)
  return rows.map((row) => row.stage_key)
}

/**
 * The evaluations whose numbers are doubted, each with the first doubt that stands against it. A doubt about what a
 * stage had made ends for a number that was computed again since, by the recorded code, from this stage or an earlier
 * one on, with the same bytes in every stage. A stage that was given the doubted bytes and passed them on did not make
 * them; where several stages made them, one is enough. A doubt about what no stage made, such as code or the source of
 * a dataset, stands until it is withdrawn. Where no doubt stands, this is one look at an empty index.
 */
export async function doubtedEvaluations(db: LedgerDatabase): Promise<ReadonlyMap<Digest, number>> {
  const standing = await db.$count(doubt, isNull(doubt.withdrawnAt))
  if (standing === 0) return new Map()
  const { rows } = await db.execute<{ stage_key: Digest; id: number }>(sql`
    with recursive ${restingOn(sql`select id, digest from ${doubt} where withdrawn_at is null`)},
    ${answers()}
    select resting.stage_key, min(resting.id)::int as id
    from resting
    where exists (select from ${measurement} m where m.stage_key = resting.stage_key)
      and not exists (select from answered where answered.id = resting.id and answered.stage_key = resting.stage_key)
    group by resting.stage_key`)
  return new Map(rows.map((row) => [row.stage_key, row.id]))
}

/**
 * The queries that end in `answered (id, stage_key)`: each doubt with the evaluations that were computed again since,
 * from a stage on that made the doubted bytes and did not itself rest on them. A reproduction always executes the
 * evaluation. Its details list every stage that it executed; early versions did not write this list.
 */
function answers(): SQL {
  return sql`
    maker (id, stage_key) as (
      select doubted.id, made.stage_key from doubted
        join ${executionArtifact} made on made.digest = doubted.digest and made.direction = 'generated'
      except select id, stage_key from fed
    ),
    same (stage_key, ran_at, details) as (
      select stage_key, ran_at, details from ${reproduction} where verdict = 'same-bytes' and code = 'recorded'
    ),
    remade (executed, stage_key, ran_at) as (
      select stage_key, stage_key, ran_at from same
      union all
      select stage ->> 'stageKey', stage_key, ran_at from same
        cross join lateral jsonb_path_query(details, '$.stages[*]') stage
    ),
    answered (id, stage_key) as (
      select maker.id, remade.stage_key from maker
        join ${doubt} d on d.id = maker.id
        join remade on remade.executed = maker.stage_key and remade.ran_at > d.raised_at
    )`
}

/**
 * The recursive query `resting (id, stage_key)`: what rests on each doubted digest, given rows of (id, digest). It is
 * `fed`, the stages that used these bytes or what was made with them, and the evaluations whose numbers were counted
 * from them. Each step is an index lookup.
 */
function restingOn(doubted: SQL): SQL {
  return sql`
    doubted (id, digest) as (${doubted}),
    fed (id, stage_key) as (
      select doubted.id, used.stage_key from doubted
        join ${executionArtifact} used on used.digest = doubted.digest and used.direction = 'used'
      union
      select fed.id, consumer.stage_key from fed
      cross join lateral (
        select digest from ${executionArtifact} where stage_key = fed.stage_key and direction = 'generated' offset 0
      ) made
      cross join lateral (
        select stage_key from ${executionArtifact}
        where digest = made.digest and direction = 'used' and stage_key <> fed.stage_key offset 0
      ) consumer
    ),
    resting (id, stage_key) as (
      select id, stage_key from fed
      union select doubted.id, m.stage_key from doubted join ${measurement} m on m.outcomes_digest = doubted.digest
    )`
}

import type { DeclaredPool, PoolDeclaration, WorkerEnvironment } from '@gauntlet/contract'
import { canonicalJson, type Digest, type Json } from '@gauntlet/study'
import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm'
import { inBatches } from '../database/in-batches.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { placement, pool } from '../schema/index.ts'

/** A declared pool, with when it was declared. */
export interface RecordedDeclaration extends DeclaredPool {
  readonly declaredAt: Date
}

/**
 * Declares a pool. The same declaration again changes nothing; another one is a new version. It keeps the environment
 * where its machines are the same, and only how many jobs there are and when they end differs; otherwise it has none
 * until a worker answers. Gives the pool as it is now.
 */
export async function declarePool(
  db: LedgerDatabase,
  name: string,
  declaration: PoolDeclaration,
): Promise<RecordedDeclaration> {
  return db.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(hashtext(${`pool ${name}`}))`)
    const [last] = await declaredPools(transaction, [name])
    if (last && isSame(declarationOf(last), declaration)) return last
    const keeps = last && isSame(machinesOf(last), machinesOf(declaration))
    const environment = keeps ? await poolEnvironment(transaction, name) : null
    await transaction.insert(pool).values({ name, version: (last?.version ?? 0) + 1, declaration, ...environment })
    return (await declaredPools(transaction, [name]))[0]!
  })
}

/** The last version of every declared pool, or of those named, in the order of their names. */
export async function declaredPools(
  db: LedgerDatabase,
  names?: readonly string[],
): Promise<readonly RecordedDeclaration[]> {
  const rows = await db
    .selectDistinctOn([pool.name])
    .from(pool)
    .where(names ? inArray(pool.name, [...names]) : undefined)
    .orderBy(pool.name, desc(pool.version))
  return rows.map(({ name, version, declaration, declaredAt, environmentClass }) => {
    return { ...declaration, name, version, environmentClass, declaredAt }
  })
}

/** The environment to which the last version of a pool is held; null where no worker of it has answered yet. */
export async function poolEnvironment(db: LedgerDatabase, name: string): Promise<WorkerEnvironment | null> {
  const [last] = await db
    .select({ environmentClass: pool.environmentClass, environment: pool.environment })
    .from(pool)
    .where(eq(pool.name, name))
    .orderBy(desc(pool.version))
    .limit(1)
  if (!last?.environmentClass) return null
  return { environmentClass: last.environmentClass, environment: last.environment as Json }
}

/**
 * Holds a pool to an environment, unless it is held to one already, and gives the one to which it is held. Which of two
 * workers that begin together is first is chance, and is decided once.
 */
export async function holdPool(
  db: LedgerDatabase,
  name: string,
  { environmentClass, environment }: WorkerEnvironment,
): Promise<WorkerEnvironment> {
  const last = db
    .select({ version: sql`max(${pool.version})` })
    .from(pool)
    .where(eq(pool.name, name))
  await db
    .update(pool)
    .set({ environmentClass, environment })
    .where(and(eq(pool.name, name), eq(pool.version, last), isNull(pool.environmentClass)))
  return (await poolEnvironment(db, name)) ?? { environmentClass, environment }
}

/** The pools in which these configurations were placed; those without a place are left out. */
export async function placements(db: LedgerDatabase, ids: readonly Digest[]): Promise<ReadonlyMap<Digest, string>> {
  const found = new Map<Digest, string>()
  for (const batch of inBatches(ids)) {
    const rows = await db
      .select()
      .from(placement)
      .where(inArray(placement.configurationId, [...batch]))
    for (const { configurationId, pool: name } of rows) found.set(configurationId, name)
  }
  return found
}

/** Places configurations in pools. One that is placed elsewhere moves. */
export async function placeConfigurations(db: LedgerDatabase, places: ReadonlyMap<Digest, string>): Promise<void> {
  for (const batch of inBatches([...places])) {
    await db
      .insert(placement)
      .values(batch.map(([configurationId, name]) => ({ configurationId, pool: name })))
      .onConflictDoUpdate({
        target: placement.configurationId,
        set: { pool: sql`excluded.pool`, placedAt: sql`now()` },
      })
  }
}

function declarationOf({ accelerator, memory, start }: DeclaredPool): PoolDeclaration {
  return { accelerator, memory, start }
}

/** What says on which machines the workers of a pool run. */
function machinesOf({ accelerator, memory, start }: PoolDeclaration) {
  return { accelerator, memory, by: start.by, options: start.by === 'slurm' ? start.options : [] }
}

function isSame<Value extends object>(one: Value, other: Value): boolean {
  return canonicalJson(one as unknown as Json) === canonicalJson(other as unknown as Json)
}

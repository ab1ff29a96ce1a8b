import { planEvidence, stageCodesIn } from '@gauntlet/client'
import {
  changesSince,
  evidenceOf,
  findStudy,
  outOfMemoryFacts,
  studyGrid,
  type GridConfiguration,
} from '@gauntlet/ledger'
import type { Digest } from '@gauntlet/study'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { ApiDependencies } from '../dependencies.ts'
import { emptyTable, fillTable, type CachedTable } from './cached-table.ts'

/** How a table is read for the first time. */
const firstRead = {
  /** Configurations that are planned between two turns of the event loop: some tens of milliseconds. */
  partSize: 250,
  /** Milliseconds after which a table is shown as far as it is read. */
  patience: 500,
}

/** Tables that are kept in memory at once; the one used longest ago is dropped. */
const keptTables = 8

/**
 * The tables of the studies of a ledger, each read once as a whole and then renewed by what changed since. They are the
 * same tables as those of `gauntlet results`.
 */
export class StudyTables {
  private readonly tables = new Map<Digest, Promise<CachedTable>>()
  /** The tables that are being read as a whole. */
  private readonly begun = new Map<Digest, CachedTable>()

  constructor(
    private readonly dependencies: Pick<ApiDependencies, 'db' | 'describePool'>,
    private readonly options = firstRead,
  ) {}

  /** The table of a study by its name or id, as the ledger has it now. Throws `StudyUnknown`. */
  async read(nameOrId: string): Promise<CachedTable> {
    return this.readById((await findStudy(this.dependencies.db, nameOrId)).id)
  }

  /**
   * The table of a study, or what is read of it after half a second: the first read of 100,000 numbers takes many.
   * Throws `StudyUnknown`.
   */
  async readSoFar(nameOrId: string): Promise<CachedTable> {
    const { id } = await findStudy(this.dependencies.db, nameOrId)
    const whole = this.readById(id)
    for (const until = Date.now() + this.options.patience; ;) {
      const read = await Promise.race([whole, sleep(20)])
      const table = read ?? (Date.now() < until ? undefined : this.begun.get(id))
      if (table) return table
    }
  }

  private readById(id: Digest): Promise<CachedTable> {
    const before = this.tables.get(id)
    // Renewals of one table run one after the other; after a failure the table is read as a whole again.
    const renewed = before ? before.then((table) => this.renew(table)) : this.readWhole(id)
    this.tables.delete(id)
    this.tables.set(id, renewed)
    renewed.catch(() => this.tables.get(id) === renewed && this.tables.delete(id))
    for (const oldest of [...this.tables.keys()].slice(0, -keptTables)) this.tables.delete(oldest)
    return renewed
  }

  private async readWhole(id: Digest): Promise<CachedTable> {
    const { db, describePool } = this.dependencies
    const { position } = await changesSince(db, null)
    const grid = await studyGrid(db, id)
    const table = emptyTable(grid, await describePool(stageCodesIn(grid)), position)
    this.begun.set(id, table)
    try {
      await this.fill(table, grid.configurations)
    } finally {
      this.begun.delete(id)
    }
    return table
  }

  private async renew(table: CachedTable): Promise<CachedTable> {
    const changes = await changesSince(this.dependencies.db, table.position)
    if (changes.isOther || changes.hasWithdrawnShared || changes.pools.length > 0)
      return this.readWhole(table.grid.study.id as Digest)
    const changed = changes.configurations.flatMap((id) => table.positions.get(id) ?? [])
    await this.fill(
      table,
      changed.sort((a, b) => a - b).map((place) => table.grid.configurations[place]!),
    )
    table.position = changes.position
    return table
  }

  private async fill(table: CachedTable, configurations: readonly GridConfiguration[]): Promise<void> {
    if (configurations.length === 0) return
    const { db } = this.dependencies
    const { partSize } = this.options
    const { description } = table.pool
    const ranOutAt = await outOfMemoryFacts(db, description.environmentClass)
    for (let from = 0; from < configurations.length; from += partSize) {
      const part = configurations.slice(from, from + partSize)
      const evidence = await evidenceOf(db, table.grid, part)
      fillTable(table, evidence, await planEvidence(db, evidence, description, ranOutAt))
      await nextTurn()
    }
  }
}

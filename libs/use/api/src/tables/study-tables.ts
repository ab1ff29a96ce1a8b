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
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ApiDependencies } from '../dependencies.ts'
import { emptyTable, fillTable, type CachedTable } from './cached-table.ts'

/** Configurations that are planned between two turns of the event loop: some tens of milliseconds. */
const partSize = 250

/** Tables that are kept in memory at once; the one used longest ago is dropped. */
const keptTables = 8

/**
 * The tables of the studies of a ledger, each read once as a whole and then renewed by what changed since. They are the
 * same tables as those of `gauntlet results`.
 */
export class StudyTables {
  private readonly tables = new Map<Digest, Promise<CachedTable>>()

  constructor(private readonly dependencies: Pick<ApiDependencies, 'db' | 'describePool'>) {}

  /** The table of a study by its name or id, as the ledger has it now. Throws `StudyUnknown`. */
  async read(nameOrId: string): Promise<CachedTable> {
    const { id } = await findStudy(this.dependencies.db, nameOrId)
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
    await this.fill(table, grid.configurations)
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

import type { LedgerDatabase } from '@gauntlet/ledger'
import { chmodSync, readFileSync, renameSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What was corrupted: words of which a finding must name one, and the way back. */
export interface Corruption {
  readonly names: readonly string[]
  readonly undo: () => Promise<void>
}

/** One random choice after another, from a seed. */
export class Dice {
  constructor(private state: number) {}

  below(limit: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.state / 2 ** 32) * limit)
  }

  oneOf<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }
}

type Row = Readonly<Record<string, unknown>>

/** An edit of one row: the table, the row by its place, what is set, and the columns that findings may name. */
interface Edit {
  readonly table: string
  readonly where?: string
  /** SQL of the assignments, given the row and other rows of its table. */
  set(row: Row, others: readonly Row[], dice: Dice): string
  readonly names: readonly string[]
  /** The edit makes the row equal to what it was for some rows, which are passed over. */
  readonly fits?: (row: Row, others: readonly Row[]) => boolean
}

const quoted = (value: unknown) => `'${String(value).replaceAll("'", "''")}'`
const other = (row: Row, others: readonly Row[], column: string, dice: Dice) =>
  dice.oneOf(others.filter((each) => each[column] !== row[column]))[column]
/** Sets a column to what another row has in it. */
const swapped = (column: string) => ({
  set: (row: Row, others: readonly Row[], dice: Dice) => `${column} = ${quoted(other(row, others, column, dice))}`,
  fits: (row: Row, others: readonly Row[]) => others.some((each) => each[column] !== row[column]),
})

const number = { table: 'measurement', names: ['id', 'stage_key'] }
const stage = { table: 'execution', where: `state = 'fulfilled'`, names: ['stage_key'] }
const edge = { table: 'execution_artifact', names: ['stage_key', 'digest'] }

const edits: Readonly<Record<string, Edit>> = {
  'a number counted otherwise': {
    ...number,
    set: ({ correct }) => `correct = ${Number(correct) === 0 ? 1 : Number(correct) - 1}`,
  },
  'a number out of more images': { ...number, set: ({ total }) => `total = ${Number(total) + 1}` },
  'a number of another configuration': { ...number, ...swapped('configuration_id') },
  'a number under another perturbation': { ...number, ...swapped('perturbation_key') },
  'a number of another evaluation': { ...number, ...swapped('stage_key') },
  'a number of other outcomes': { ...number, ...swapped('outcomes_digest') },
  'a number by another evaluator': { ...number, set: () => `evaluator = 'autoattack-standard'` },
  'a number without its flags': {
    ...number,
    set: () => `flags = '[{"name":"saturated","value":1,"limit":0,"policy":"mark"}]'`,
  },
  'a stage with another parameter': { ...stage, set: () => `parameters = parameters || '{"edited": 1}'` },
  'a stage with another seed': { ...stage, set: ({ seed }) => `seed = ${Number(seed) + 1}` },
  'a stage by other code': { ...stage, ...swapped('code_digest') },
  'a stage in another environment': { ...stage, ...swapped('environment_class') },
  'a stage of another kind': { ...stage, ...swapped('stage') },
  'a stage of another configuration': {
    ...stage,
    where: `configuration_id is not null`,
    ...swapped('configuration_id'),
  },
  'a stage of other inputs': {
    ...stage,
    ...swapped('inputs'),
    set: (row, others, dice) => inputsOf(row, others, dice),
  },
  'a stage that is open again': { ...stage, set: () => `state = 'open', fulfilled_at = null` },
  'an edge that leads elsewhere': { ...edge, ...swapped('digest') },
  'an edge in another role': { ...edge, set: () => `role = 'elsewhere'` },
  'an edge turned around': {
    ...edge,
    set: ({ direction }) => `direction = '${direction === 'used' ? 'generated' : 'used'}', role = role || '-turned'`,
  },
  'an attempt that made something else': {
    table: 'attempt',
    where: `outcome = 'fulfilled'`,
    names: ['stage_key'],
    set: () => `generated = generated || '{"more": "${'0'.repeat(64)}"}'`,
  },
  'an attempt that was not the one': {
    table: 'attempt',
    where: `outcome = 'fulfilled'`,
    names: ['stage_key'],
    set: () => `outcome = 'superseded'`,
  },
  'an artifact of another size': {
    table: 'artifact',
    where: `digest in (select digest from execution_artifact where direction = 'generated')`,
    names: ['digest'],
    set: ({ size }) => `size = ${Number(size) + 1}`,
  },
  'an environment described otherwise': {
    table: 'environment',
    names: ['class'],
    set: () => `document = document || '{"threads": 64}'`,
  },
  'a configuration with another document': {
    table: 'configuration',
    names: ['id'],
    set: () => `document = document || '{"seed": 77}'`,
  },
  'a configuration in another column': { table: 'configuration', names: ['id'], set: () => `seed = seed + 1` },
  'a perturbation with another document': {
    table: 'perturbation',
    names: ['key'],
    set: () => `document = document || '{"edited": 1}'`,
  },
  'a perturbation of another radius': { table: 'perturbation', names: ['key'], set: () => `epsilon = 0.9` },
  'a study of another file': { table: 'study', names: ['id'], set: () => `file = replace(file, 'FFT-1', 'FFT-5')` },
  'a grid in another order': {
    table: 'study_configuration',
    names: ['study_id'],
    set: () => `position = position + 1000`,
  },
}

function inputsOf(row: Row, others: readonly Row[], dice: Dice): string {
  const inputs = row['inputs'] as Record<string, string>
  const role = dice.oneOf(Object.keys(inputs))
  const digests = others.flatMap(({ inputs: all }) => Object.values(all as object) as string[])
  const digest = dice.oneOf(digests.filter((each) => each !== inputs[role]))
  return `inputs = inputs || '${JSON.stringify({ [role]: digest })}'`
}

const deletions: Readonly<Record<string, Pick<Edit, 'table' | 'where' | 'names'>>> = {
  'an edge to an input deleted': { ...edge, where: `direction = 'used'` },
  'an edge to an output deleted': { ...edge, where: `direction = 'generated'` },
  'an attempt deleted': { table: 'attempt', names: ['stage_key'] },
  'a stage deleted': { table: 'execution', names: ['stage_key'] },
  'a configuration taken from the grid': { table: 'study_configuration', names: ['study_id'] },
}

const files = [
  'a flipped byte',
  'a flipped byte with the time of the file set back',
  'a truncated file',
  'two swapped files',
  'a lost file',
] as const

const replays = ['an old number replayed after its stage was withdrawn', 'an edge without a reason added'] as const

/** Everything that a corruptor can do to a study and its store. */
export const corruptionKinds: readonly string[] = [
  ...files,
  ...Object.keys(edits),
  ...Object.keys(deletions),
  ...replays,
]

/** Corrupts a ledger and the folder of its artifacts, each time in one place, and takes that back. */
export class Corruptor {
  private readonly dice: Dice

  constructor(
    private readonly db: LedgerDatabase,
    private readonly folder: string,
    seed: number,
  ) {
    this.dice = new Dice(seed)
  }

  async corrupt(kind: string): Promise<Corruption> {
    if (kind in edits) return this.edit(edits[kind]!)
    if (kind in deletions) return this.deleteRow(deletions[kind]!)
    if (kind === replays[0]) return this.replay()
    if (kind === replays[1]) return this.addEdge()
    return this.file(kind as (typeof files)[number])
  }

  private async rows(statement: string): Promise<Row[]> {
    return (await this.db.execute<Record<string, unknown>>(statement)).rows
  }

  /** Runs statements without foreign keys and triggers, as somebody does who has the database to himself. */
  private async unchecked(...statements: string[]): Promise<Row[]> {
    return this.db.transaction(async (transaction) => {
      await transaction.execute('set local session_replication_role = replica')
      let last: Row[] = []
      for (const statement of statements) last = (await transaction.execute<Record<string, unknown>>(statement)).rows
      return last
    })
  }

  private async edit({ table, where = 'true', set, names, fits = () => true }: Edit): Promise<Corruption> {
    const all = await this.rows(`select ctid::text as place, to_jsonb(t) as saved, t.* from ${table} t where ${where}`)
    const row = this.dice.oneOf(all.filter((each) => fits(each, all)))
    const assignments = set(row, all, this.dice)
    const place = `ctid = '${String(row['place'])}'`
    const [edited] = await this.unchecked(
      `update ${table} set ${assignments} where ${place} returning ctid::text as place`,
    )
    return {
      names: names.map((name) => String(row[name])),
      undo: async () =>
        void (await this.unchecked(
          `delete from ${table} where ctid = '${String(edited!['place'])}'`,
          restored(table, row['saved']),
        )),
    }
  }

  private async deleteRow({ table, where = 'true', names }: Pick<Edit, 'table' | 'where' | 'names'>) {
    const row = this.dice.oneOf(
      await this.rows(`select ctid::text as place, to_jsonb(t) as saved, t.* from ${table} t where ${where}`),
    )
    await this.unchecked(`delete from ${table} where ctid = '${String(row['place'])}'`)
    const undo = async () => void (await this.unchecked(restored(table, row['saved'])))
    return { names: names.map((name) => String(row[name])), undo }
  }

  /** A stage is open again and has no edges, as after a withdrawal, but its number is there. */
  private async replay(): Promise<Corruption> {
    const { stage_key: key, id } = this.dice.oneOf(await this.rows('select * from measurement'))
    const saved = await this.rows(`select to_jsonb(t) as saved from execution_artifact t where stage_key = '${key}'`)
    const [time] = await this.rows(`select fulfilled_at::text as at from execution where stage_key = '${key}'`)
    await this.unchecked(
      `delete from execution_artifact where stage_key = '${key}'`,
      `update execution set state = 'open', fulfilled_at = null where stage_key = '${key}'`,
    )
    return {
      names: [String(id), String(key)],
      undo: async () =>
        void (await this.unchecked(
          `update execution set state = 'fulfilled', fulfilled_at = '${String(time!['at'])}' where stage_key = '${key}'`,
          ...saved.map((row) => restored('execution_artifact', row['saved'])),
        )),
    }
  }

  private async addEdge(): Promise<Corruption> {
    const [stages, artifacts] = [await this.rows('select * from execution'), await this.rows('select * from artifact')]
    const key = String(this.dice.oneOf(stages)['stage_key'])
    const digest = String(this.dice.oneOf(artifacts)['digest'])
    const direction = this.dice.oneOf(['used', 'generated'])
    await this.unchecked(`insert into execution_artifact values ('${key}', '${direction}', 'added', '${digest}')`)
    const undo = async () =>
      void (await this.unchecked(`delete from execution_artifact where stage_key = '${key}' and role = 'added'`))
    return { names: [key], undo }
  }

  private async file(kind: (typeof files)[number]): Promise<Corruption> {
    const stored = await this.rows(
      `select distinct digest from execution_artifact where direction = 'generated' or role = 'code' order by digest`,
    )
    const digest = String(this.dice.oneOf(stored)['digest'])
    const path = this.pathOf(digest)
    const [bytes, { atime, mtime }] = [readFileSync(path), statSync(path)]
    const restore = () => {
      rmSync(path, { force: true })
      writeFileSync(path, bytes, { mode: 0o444 })
    }
    chmodSync(path, 0o644)
    if (kind === 'a lost file') rmSync(path)
    else if (kind === 'a truncated file') truncateSync(path, this.dice.below(bytes.length))
    else if (kind === 'two swapped files') return this.swap(digest, stored)
    else {
      const flipped = Buffer.from(bytes)
      flipped[this.dice.below(bytes.length)]! ^= 1 << this.dice.below(8)
      writeFileSync(path, flipped)
      if (kind !== 'a flipped byte') utimesSync(path, atime, mtime)
    }
    return { names: [digest], undo: async () => restore() }
  }

  private swap(digest: string, stored: readonly Row[]): Corruption {
    const second = String(this.dice.oneOf(stored.filter((row) => row['digest'] !== digest))['digest'])
    const [one, two, aside] = [this.pathOf(digest), this.pathOf(second), this.pathOf('aside')]
    const exchange = () => {
      renameSync(one, aside)
      renameSync(two, one)
      renameSync(aside, two)
    }
    exchange()
    return { names: [digest, second], undo: async () => exchange() }
  }

  private pathOf(digest: string): string {
    return digest === 'aside' ? join(this.folder, digest) : join(this.folder, 'sha256', digest.slice(0, 2), digest)
  }
}

function restored(table: string, saved: unknown): string {
  return `insert into ${table} select * from jsonb_populate_record(null::${table}, ${quoted(JSON.stringify(saved))}::jsonb)`
}

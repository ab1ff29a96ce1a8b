import {
  Bool,
  Field,
  Float32,
  Int32,
  makeBuilder,
  makeData,
  RecordBatch,
  RecordBatchReader,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  type Data,
  type DataType,
} from 'apache-arrow'
import { requireArrowFrame } from './arrow-frame.ts'
import type { Outcome, OutcomeFacts } from './outcome.ts'
import { factsFromMetadata, metadataOfFacts } from './outcomes-metadata.ts'
import { soundOutcome } from './sound-outcome.ts'
import { OutcomesUnreadable } from './outcomes-unreadable.ts'

/**
 * The columns, in order. Text is not dictionary-coded, since Arrow numbers dictionaries per process, so that equal
 * outcomes would differ in bytes.
 */
const columns = [
  { name: 'image', type: new Utf8(), nullable: false },
  { name: 'index', type: new Int32(), nullable: false },
  { name: 'label', type: new Int32(), nullable: false },
  { name: 'prediction', type: new Int32(), nullable: false },
  { name: 'held', type: new Bool(), nullable: false },
  { name: 'felledBy', type: new Utf8(), nullable: true },
  { name: 'run', type: new Int32(), nullable: true },
  { name: 'margin', type: new Float32(), nullable: false },
  { name: 'distance', type: new Float32(), nullable: true },
] as const satisfies readonly { name: keyof Outcome; type: unknown; nullable: boolean }[]

/** The media type of an outcomes artifact. */
export const outcomesMediaType = 'application/vnd.apache.arrow.file'

/** Outcomes as an Arrow IPC file, in the order given. The same outcomes and facts always give the same bytes. */
export function encodeOutcomes(outcomes: readonly Outcome[], facts: OutcomeFacts): Uint8Array {
  const fields = columns.map(({ name, type, nullable }) => new Field(name, type, nullable))
  const schema = new Schema(fields, metadataOfFacts(facts, outcomes.length))
  const children = columns.map(({ name, type }): Data => {
    const builder = makeBuilder<DataType, null>({ type, nullValues: [null] })
    for (const outcome of outcomes) builder.append(outcome[name])
    return builder.finish().flush()
  })
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(fields), length: outcomes.length, nullCount: 0, children }),
  )
  return tableToIPC(new Table(schema, [batch]), 'file')
}

/** Reads an outcomes file. Bytes from elsewhere are not trusted: whatever is not exactly such a file is refused. */
export function decodeOutcomes(bytes: Uint8Array): { outcomes: Outcome[]; facts: OutcomeFacts } {
  requireArrowFrame(bytes, { columns: columns.length, bytesPerRow: digestLength })
  const table = readTable(bytes)
  requireColumns(table.schema)
  const { facts, count } = factsFromMetadata(table.schema.metadata)
  if (count !== table.numRows) throw new OutcomesUnreadable(`it holds ${table.numRows} rows and announces ${count}`)
  return { outcomes: readRows(table), facts }
}

/** Characters of a digest; no row takes fewer bytes. */
const digestLength = 64

function readTable(bytes: Uint8Array): Table {
  try {
    return new Table([...RecordBatchReader.from(bytes)])
  } catch (cause) {
    throw new OutcomesUnreadable('its Arrow structure is damaged', { cause })
  }
}

function requireColumns({ fields }: Schema): void {
  const describe = (list: readonly { name: unknown; type: unknown; nullable: boolean }[]) =>
    list.map(({ name, type, nullable }) => `${name} ${type}${nullable ? '?' : ''}`).join(', ')
  if (describe(fields) !== describe(columns))
    throw new OutcomesUnreadable(`its columns are ${describe(fields).slice(0, 200)}`)
}

function readRows(table: Table): Outcome[] {
  const vectors = columns.map(({ name }) => [name, table.getChild(name)!] as const)
  return Array.from({ length: table.numRows }, (_, row) => {
    const values = Object.fromEntries(vectors.map(([name, vector]) => [name, vector.get(row)]))
    return soundOutcome(values as unknown as Outcome, row)
  })
}

import { fileWriter, ParquetWriter, schemaFromColumnData, type BasicType } from 'hyparquet-writer'
import type { ZipSource } from '@gauntlet/files'
import { bytesOfFile, Spool } from './spool.ts'

/** Rows of a row group of Parquet. */
const groupSize = 20_000

/** A column of a table: its type in Parquet, and its value in a row; null where there is none. */
export interface Column<Row> {
  readonly name: string
  readonly type: Extract<BasicType, 'STRING' | 'INT32' | 'INT64' | 'DOUBLE' | 'TIMESTAMP'>
  readonly value: (row: Row) => string | number | null
}

/** A table that is written row by row, as CSV (RFC 4180) and as Parquet. Times are ISO 8601 in CSV. */
export class TableSpool<Row> {
  readonly #csv: Spool
  readonly #parquet: ParquetWriter
  readonly #parquetPath: string
  #rows: Row[] = []

  constructor(
    folder: string,
    readonly name: string,
    private readonly columns: readonly Column<Row>[],
  ) {
    this.#csv = new Spool(`${folder}/${name}.csv`)
    this.#csv.write(`${columns.map((column) => column.name).join(',')}\n`)
    this.#parquetPath = `${folder}/${name}.parquet`
    const schema = schemaFromColumnData({ columnData: columns.map(({ name, type }) => ({ name, type, data: [] })) })
    // The archive compresses it.
    this.#parquet = new ParquetWriter({ writer: fileWriter(this.#parquetPath), schema, codec: 'UNCOMPRESSED' })
  }

  async add(row: Row): Promise<void> {
    this.#csv.write(`${this.columns.map(({ value }) => csvCell(value(row))).join(',')}\n`)
    this.#rows.push(row)
    if (this.#rows.length === groupSize) await this.#writeGroup()
  }

  async close(): Promise<void> {
    await this.#writeGroup()
    await this.#parquet.finish()
    this.#csv.close()
  }

  members(): ZipSource[] {
    const content = bytesOfFile(this.#parquetPath)
    return [this.#csv.member(`tables/${this.name}.csv`), { name: `tables/${this.name}.parquet`, content }]
  }

  async #writeGroup(): Promise<void> {
    if (this.#rows.length === 0) return
    await this.#parquet.write({
      columnData: this.columns.map(({ name, type, value }) => ({
        name,
        type,
        data: this.#rows.map((row) => parquetValue(type, value(row))),
      })),
      rowGroupSize: groupSize,
    })
    this.#rows = []
  }
}

function parquetValue(type: Column<never>['type'], value: string | number | null): unknown {
  if (value === null) return null
  if (type === 'TIMESTAMP') return new Date(value)
  return type === 'INT64' ? BigInt(value) : value
}

function csvCell(value: string | number | null): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

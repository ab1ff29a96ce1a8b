import { Footer } from 'apache-arrow/fb/footer'
import { Message } from 'apache-arrow/fb/message'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { RecordBatch } from 'apache-arrow/fb/record-batch'
import { ByteBuffer } from 'flatbuffers'
import { OutcomesUnreadable } from './outcomes-unreadable.ts'

/**
 * Refuses an Arrow file whose counts and offsets do not fit its bytes, or that has more than columns without children
 * or dictionaries and at most one record batch. The Arrow library trusts counts and offsets: one wrong byte can make it
 * loop for ever or allocate gigabytes. The format is "ARROW1" and two bytes, messages, footer, the footer's length in
 * four bytes, "ARROW1" (https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format).
 */
export function requireArrowFrame(bytes: Uint8Array, { columns, bytesPerRow }: Frame): void {
  const footer = footerOf(bytes)
  const schema = footer.schema()
  require(footer.dictionariesLength() === 0 &&
    footer.customMetadataLength() === 0, 'its footer has parts that outcomes do not have')
  require(schema !== null && schema.fieldsLength() === columns, `it does not have ${columns} columns`)
  require(schema!.customMetadataLength() <= mostEntries &&
    schema!.featuresLength() === 0, 'its schema has parts that outcomes do not have')
  for (let i = 0; i < columns; i++) {
    const field = schema!.fields(i)!
    const plain = field.childrenLength() === 0 && field.dictionary() === null && field.customMetadataLength() === 0
    require(plain, `its column ${i} is not a plain one`)
  }
  require(footer.recordBatchesLength() <= 1, 'it has several batches')
  if (footer.recordBatchesLength() === 1) requireBatch(bytes, footer.recordBatches(0)!, { columns, bytesPerRow })
}

/** What is known of the file: its number of columns, and the fewest bytes of the body that a row takes. */
interface Frame {
  readonly columns: number
  readonly bytesPerRow: number
}

const magic = 'ARROW1'
/** Bytes of the magic and its padding at the beginning, and of the footer's length and the magic at the end. */
const [headLength, tailLength] = [8, 10]
/** Most entries of a schema's metadata; an outcomes file has at most 10. */
const mostEntries = 16
/** Most buffers a column has: validity, offsets, values. */
const buffersPerColumn = 3

type Block = NonNullable<ReturnType<Footer['recordBatches']>>

function footerOf(bytes: Uint8Array): Footer {
  const text = (from: number) => String.fromCharCode(...bytes.subarray(from, from + magic.length))
  const framed =
    bytes.length > headLength + tailLength && text(0) === magic && text(bytes.length - magic.length) === magic
  require(framed, 'it is not a whole Arrow file')
  const end = bytes.length - tailLength
  const length = int32At(bytes, end)
  require(length > 0 && length <= end - headLength, 'its footer lies outside the file')
  return Footer.getRootAsFooter(new ByteBuffer(bytes.subarray(end - length, end)))
}

/** A record batch is the marker −1, the metadata's length, the metadata and the body. */
function requireBatch(bytes: Uint8Array, block: Block, frame: Frame): void {
  const [offset, body] = [Number(block.offset()), Number(block.bodyLength())]
  const metadata = block.metaDataLength()
  require(offset >= headLength &&
    metadata > 8 &&
    body >= 0 &&
    offset + metadata + body <= bytes.length, 'its batch lies outside the file')
  const announced = int32At(bytes, offset) === -1 && int32At(bytes, offset + 4) === metadata - 8
  require(announced, 'its batch does not begin where its footer says')
  const message = Message.getRootAsMessage(new ByteBuffer(bytes.subarray(offset + 8, offset + metadata)))
  const expected = message.headerType() === MessageHeader.RecordBatch && message.customMetadataLength() === 0
  require(expected && Number(message.bodyLength()) === body, 'its batch is of another kind or size')
  const batch: RecordBatch | null = message.header(new RecordBatch())
  require(batch !== null, 'its batch is empty')
  requireBuffers(batch!, body, frame)
}

function requireBuffers(batch: RecordBatch, body: number, { columns, bytesPerRow }: Frame): void {
  const rows = Number(batch.length())
  require(rows >= 0 && rows * bytesPerRow <= body, `it announces ${rows} rows in ${body} bytes`)
  require(batch.nodesLength() === columns && batch.compression() === null, 'its batch has other columns')
  require(batch.buffersLength() <= columns * buffersPerColumn &&
    batch.variadicBufferCountsLength() === 0, 'its batch has other buffers')
  for (let i = 0; i < columns; i++) {
    const [length, nulls] = [Number(batch.nodes(i)!.length()), Number(batch.nodes(i)!.nullCount())]
    require(length === rows && nulls >= 0 && nulls <= rows, 'its columns differ in length')
  }
  for (let i = 0; i < batch.buffersLength(); i++) {
    const buffer = batch.buffers(i)!
    const [offset, length] = [Number(buffer.offset()), Number(buffer.length())]
    require(offset >= 0 && length >= 0 && offset + length <= body, 'a buffer lies outside its batch')
  }
}

function int32At(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(offset, true)
}

function require(sound: boolean, reason: string): void {
  if (!sound) throw new OutcomesUnreadable(reason)
}

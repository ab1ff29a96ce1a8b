import { readFileSync, writeFileSync } from 'node:fs'
import type { History } from '@temporalio/common/lib/proto-utils'
import proto from '@temporalio/proto'

const { History: HistoryMessage } = proto.temporal.api.history.v1

/** A recorded workflow, event by event. */
export type RecordedHistory = ReturnType<typeof HistoryMessage.fromObject>

const fileOf = (name: string) => new URL(`histories/${name}.json`, import.meta.url)

/** Writes a history as JSON with names for its enumerations and base64 for its payloads. */
export function writeHistory(name: string, history: History): void {
  const plain = HistoryMessage.toObject(HistoryMessage.fromObject({ ...history }), {
    longs: String,
    enums: String,
    bytes: String,
  })
  writeFileSync(fileOf(name), `${JSON.stringify(plain, null, 1)}\n`)
}

/**
 * Reads it back. The SDK's own `historyFromJSON` fails wherever npm gives each of its packages a protobufjs of its own
 * ("type must be a Type"), as it does beside gRPC's older one.
 */
export function readHistory(name: string): RecordedHistory {
  return HistoryMessage.fromObject(JSON.parse(readFileSync(fileOf(name), 'utf8')) as { [key: string]: unknown })
}

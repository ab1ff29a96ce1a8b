import { readFileSync, writeFileSync } from 'node:fs'
import type { History } from '@temporalio/common/lib/proto-utils'
import proto from '@temporalio/proto'

const { History: HistoryMessage } = proto.temporal.api.history.v1

/** A recorded workflow, event by event. */
export type RecordedHistory = ReturnType<typeof HistoryMessage.fromObject>

const fileOf = (name: string) => new URL(`histories/${name}.json`, import.meta.url)

/** Writes a history as JSON, with enumerations by name, payloads in base64, and no stacks, which name the machine. */
export function writeHistory(name: string, history: History): void {
  const plain = HistoryMessage.toObject(HistoryMessage.fromObject({ ...history }), {
    longs: String,
    enums: String,
    bytes: String,
  })
  const withoutStacks = (key: string, value: unknown) => (key === 'stackTrace' ? undefined : value)
  writeFileSync(fileOf(name), `${JSON.stringify(plain, withoutStacks, 1)}\n`)
}

/**
 * Reads a recorded history. The SDK's own `historyFromJSON` fails wherever npm installs a protobufjs for each of its
 * packages ("type must be a Type"), as it does beside gRPC's older one.
 */
export function readHistory(name: string): RecordedHistory {
  return HistoryMessage.fromObject(JSON.parse(readFileSync(fileOf(name), 'utf8')) as { [key: string]: unknown })
}

import { connect, type Client } from '@gauntlet/client'
import { temporalSettings } from '@gauntlet/contract'
import { readFileSync } from 'node:fs'

/** A client of the Temporal server at this address, by what the environment says of it, and the way to close it. */
export function connectTemporal(address: string): Promise<{ client: Client; close: () => Promise<void> }> {
  return connect(temporalSettings(address, process.env, (path) => readFileSync(path)))
}

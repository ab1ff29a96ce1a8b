import type { TemporalSettings } from '@gauntlet/contract'
import { Client, Connection } from '@temporalio/client'

export type { Client } from '@temporalio/client'

/** No Temporal server answered; a retry helps once one does. */
export class TemporalUnreachable extends Error {
  override readonly name = 'TemporalUnreachable'
}

/** A client of the Temporal server, and the way to close it. */
export async function connect({
  namespace,
  ...server
}: TemporalSettings): Promise<{ client: Client; close: () => Promise<void> }> {
  try {
    const connection = await Connection.connect({ ...server, ...channelArgs(server.address), connectTimeout: '10 s' })
    return { client: new Client({ connection, namespace }), close: () => connection.close() }
  } catch (cause) {
    throw new TemporalUnreachable(
      `No Temporal server answers at ${server.address}; start it (npx gauntlet up) or correct TEMPORAL_ADDRESS.`,
      { cause },
    )
  }
}

/** A server of this machine is never asked through a proxy, which the variables of the environment may name. */
function channelArgs(address: string) {
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])(:|$)/i.test(address)
  return isLoopback ? { channelArgs: { 'grpc.enable_http_proxy': 0 } } : {}
}

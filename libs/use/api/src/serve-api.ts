import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { AddressInfo } from 'node:net'
import { createApi, type ApiOptions } from './create-api.ts'
import type { ApiDependencies } from './dependencies.ts'

/** The port is taken, or the address is not one of this machine. */
export class AddressUnusable extends Error {
  override readonly name = 'AddressUnusable'
}

/** A server that answers. */
export interface ApiServer {
  /** Where the page is: `http://127.0.0.1:4680/`. */
  readonly url: string
  readonly close: () => Promise<void>
}

interface ServeOptions extends Omit<ApiOptions, 'addressOf'> {
  /** 0 for any that is free. */
  readonly port: number
}

/** Serves the API and the page. Throws `TokenNeeded` and `AddressUnusable`. */
export async function serveApi(dependencies: ApiDependencies, options: ServeOptions): Promise<ApiServer> {
  const { port, access } = options
  const addressOf: ApiOptions['addressOf'] = (context) => getConnInfo(context).remote.address ?? 'unknown'
  const app = createApi(dependencies, { ...options, addressOf })
  const server = serve({ fetch: app.fetch, port, hostname: access.hostname })
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new AddressUnusable(
          cause.code === 'EADDRINUSE'
            ? `Port ${port} is in use; choose another one with --port.`
            : `This machine cannot listen on ${access.hostname}:${port} (${cause.code}); choose another --host or --port.`,
          { cause },
        ),
      ),
    )
  })
  const { port: taken } = server.address() as AddressInfo
  const name = access.hostname.includes(':') ? `[${access.hostname}]` : access.hostname
  return {
    url: `http://${name}:${taken}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Streams of changes never end by themselves.
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

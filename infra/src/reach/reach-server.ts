import { connect } from 'node:net'
import { createServer, type Server } from 'node:tls'

/** What the server in front of Temporal needs. */
export interface ReachSettings {
  /** In PEM. */
  readonly key: string | Buffer
  readonly certificate: string | Buffer
  /** The certificate of the authority that signed those of clients. */
  readonly authority: string | Buffer
  /** The port of 127.0.0.1 on which Temporal listens now; undefined where it does not run. */
  readonly target: () => number | undefined
}

/**
 * A server that passes on to Temporal, which listens on loopback alone, what comes over TLS from somebody with a
 * certificate of the authority. Without one nothing is passed on.
 */
export function reachServer({ key, certificate, authority, target }: ReachSettings): Server {
  const server = createServer({
    key,
    cert: certificate,
    ca: authority,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
  })
  server.on('secureConnection', (outside) => {
    const port = target()
    if (port === undefined || !outside.authorized) return void outside.destroy()
    const inside = connect(port, '127.0.0.1')
    const end = () => {
      outside.destroy()
      inside.destroy()
    }
    for (const socket of [outside, inside]) socket.setNoDelay(true).on('error', end).on('close', end)
    outside.pipe(inside).pipe(outside)
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return server
}

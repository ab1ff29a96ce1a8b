/** How to reach a Temporal server, in the form that the SDK's clients and workers take. */
export interface TemporalSettings {
  readonly address: string
  readonly namespace: string
  readonly apiKey?: string
  readonly tls?: true | MutualTls
}

/** TLS in which each side proves who it is. */
export interface MutualTls {
  /** The name that the server's certificate is for, where it is not that of the address. */
  readonly serverNameOverride?: string
  /** Certificates in PEM. */
  readonly serverRootCACertificate?: Uint8Array
  readonly clientCertPair?: { readonly crt: Uint8Array; readonly key: Uint8Array }
}

/** Only one half of a certificate and its key is named; the message says which variable is missing. */
export class TemporalTlsIncomplete extends Error {
  override readonly name = 'TemporalTlsIncomplete'
}

/**
 * The settings of a server at `address`, with `TEMPORAL_NAMESPACE` (default `default`), `TEMPORAL_API_KEY`, which
 * implies TLS, and the files that `TEMPORAL_TLS_*` name as Temporal's own tools do. `read` reads a file. Throws
 * `TemporalTlsIncomplete`.
 */
export function temporalSettings(
  address: string,
  variables: Readonly<Record<string, string | undefined>>,
  read: (path: string) => Uint8Array,
): TemporalSettings {
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_API_KEY: apiKey } = variables
  const tls = mutualTls(variables, read) ?? (apiKey ? true : undefined)
  return { address, namespace: namespace || 'default', ...(apiKey ? { apiKey } : {}), ...(tls ? { tls } : {}) }
}

function mutualTls(
  variables: Readonly<Record<string, string | undefined>>,
  read: (path: string) => Uint8Array,
): MutualTls | undefined {
  const {
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority,
    TEMPORAL_TLS_CLIENT_CERT_PATH: certificate,
    TEMPORAL_TLS_CLIENT_KEY_PATH: key,
    TEMPORAL_TLS_SERVER_NAME: name,
  } = variables
  if (!certificate !== !key) {
    const missing = certificate ? 'TEMPORAL_TLS_CLIENT_KEY_PATH' : 'TEMPORAL_TLS_CLIENT_CERT_PATH'
    throw new TemporalTlsIncomplete(`A certificate and its key go together; set ${missing} too.`)
  }
  if (!authority && !certificate) return undefined
  return {
    ...(name ? { serverNameOverride: name } : {}),
    ...(authority ? { serverRootCACertificate: read(authority) } : {}),
    ...(certificate && key ? { clientCertPair: { crt: read(certificate), key: read(key) } } : {}),
  }
}

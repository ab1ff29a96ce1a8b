/** How to reach a Temporal server: what clients and workers pass on as it is. */
export interface TemporalSettings {
  readonly address: string
  readonly namespace: string
  readonly apiKey?: string
  readonly tls?: true
}

/** `TEMPORAL_NAMESPACE` (default `default`) and `TEMPORAL_API_KEY`, which implies TLS, around an address. */
export function temporalSettings(
  address: string,
  variables: Readonly<Record<string, string | undefined>>,
): TemporalSettings {
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_API_KEY: apiKey } = variables
  return { address, namespace: namespace || 'default', ...(apiKey ? { apiKey, tls: true } : {}) }
}

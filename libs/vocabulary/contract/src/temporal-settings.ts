/** How to reach a Temporal server, in the form that the SDK's clients and workers take. */
export interface TemporalSettings {
  readonly address: string
  readonly namespace: string
  readonly apiKey?: string
  readonly tls?: true
}

/**
 * The settings of a server at `address`, with `TEMPORAL_NAMESPACE` (default `default`) and `TEMPORAL_API_KEY`, which
 * implies TLS.
 */
export function temporalSettings(
  address: string,
  variables: Readonly<Record<string, string | undefined>>,
): TemporalSettings {
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_API_KEY: apiKey } = variables
  return { address, namespace: namespace || 'default', ...(apiKey ? { apiKey, tls: true } : {}) }
}

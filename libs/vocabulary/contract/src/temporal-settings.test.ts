import { expect, it } from 'vitest'
import { temporalSettings, TemporalTlsIncomplete } from './temporal-settings.ts'

const read = (path: string) => new TextEncoder().encode(`bytes of ${path}`)

it('a server on this machine needs an address alone', () => {
  expect(temporalSettings('127.0.0.1:7233', {}, read)).toEqual({ address: '127.0.0.1:7233', namespace: 'default' })
})

it('an API key is never sent without TLS', () => {
  expect(temporalSettings('x:7233', { TEMPORAL_NAMESPACE: 'team', TEMPORAL_API_KEY: 'secret' }, read)).toEqual({
    address: 'x:7233',
    namespace: 'team',
    apiKey: 'secret',
    tls: true,
  })
})

const certificates = {
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'ca.pem',
  TEMPORAL_TLS_CLIENT_CERT_PATH: 'worker.pem',
  TEMPORAL_TLS_CLIENT_KEY_PATH: 'worker.key',
  TEMPORAL_TLS_SERVER_NAME: 'gauntlet',
}

it('mutual TLS is named by the variables of Temporal', () => {
  expect(temporalSettings('x:7233', certificates, read).tls).toEqual({
    serverNameOverride: 'gauntlet',
    serverRootCACertificate: read('ca.pem'),
    clientCertPair: { crt: read('worker.pem'), key: read('worker.key') },
  })
})

it.each(['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'])('%s alone missing is refused', (name) => {
  const tried = () => temporalSettings('x:7233', { ...certificates, [name]: undefined }, read)
  expect(tried).toThrow(TemporalTlsIncomplete)
  expect(tried).toThrow(`set ${name} too`)
})

import { expect, it } from 'vitest'
import { temporalSettings } from './temporal-settings.ts'

it('a server on this machine needs an address alone', () => {
  expect(temporalSettings('127.0.0.1:7233', {})).toEqual({ address: '127.0.0.1:7233', namespace: 'default' })
})

it('an API key is never sent without TLS', () => {
  expect(temporalSettings('x:7233', { TEMPORAL_NAMESPACE: 'team', TEMPORAL_API_KEY: 'secret' })).toEqual({
    address: 'x:7233',
    namespace: 'team',
    apiKey: 'secret',
    tls: true,
  })
})

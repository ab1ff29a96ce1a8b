import { expect, it } from 'vitest'
import { temporalSettings } from './temporal-settings.ts'

it('needs nothing but an address for a server on this machine', () => {
  expect(temporalSettings('127.0.0.1:7233', {})).toEqual({ address: '127.0.0.1:7233', namespace: 'default' })
})

it('never sends an API key in the clear', () => {
  expect(temporalSettings('x:7233', { TEMPORAL_NAMESPACE: 'team', TEMPORAL_API_KEY: 'secret' })).toEqual({
    address: 'x:7233',
    namespace: 'team',
    apiKey: 'secret',
    tls: true,
  })
})

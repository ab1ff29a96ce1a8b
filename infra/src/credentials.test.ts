import { expect, it } from 'vitest'
import { withoutCredentials } from './credentials.ts'

it('names what a process must not inherit, and nothing else', () => {
  const variables = {
    DATABASE_URL: 'postgres://me:secret@host/db',
    PGPASSWORD: 'secret',
    PGPASSFILE: '/home/me/.pgpass',
    GAUNTLET_DASHBOARD_TOKEN: 'secret',
    PATH: '/bin',
    TEMPORAL_ADDRESS: 'localhost:7233',
  }
  expect({ ...variables, ...withoutCredentials(variables) }).toEqual({
    PATH: '/bin',
    TEMPORAL_ADDRESS: 'localhost:7233',
  })
})

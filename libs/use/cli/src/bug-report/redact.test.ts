import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redacted, redactedVariables } from './redact.ts'

const secret = fc.stringMatching(/^[A-Za-z0-9]{8,40}$/)

describe('a bug report has no', () => {
  it('password of an address, wherever it stands', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom('postgres', 'https', 'http'), (password, scheme) => {
        const address = `${scheme}://user:${password}@host:5432/db`
        const text = redacted({})(`at ${address}, {"url":"${address}"}`)
        expect(text).not.toContain(password)
        expect(text).toContain('host:5432/db')
      }),
    )
  })

  it.each(['DATABASE_URL', 'TEMPORAL_API_KEY', 'HF_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'GAUNTLET_DASHBOARD_TOKEN'])(
    'value of %s, also where a log repeats it',
    (name) => {
      fc.assert(
        fc.property(secret, (value) => {
          expect(redacted({ [name]: value })(`it was "${value}"`)).not.toContain(value)
          expect(JSON.stringify(redactedVariables({ [name]: value }))).not.toContain(value)
        }),
      )
    },
  )

  it('password of the database that a log names without its address', () => {
    const hidden = redacted({ DATABASE_URL: 'postgres://me:p%40ssword@host/db' })
    expect(hidden('p@ssword p%40ssword')).toBe('<removed> <removed>')
  })

  it('private key, token in an address or header', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----'
    expect(redacted({})(`${key} https://x/y?token=abcdef&a=1 Authorization: Bearer`)).toBe(
      '<removed> https://x/y?token=<removed>&a=1 Authorization: <removed>',
    )
  })
})

it('variables of other programs are left out', () => {
  expect(redactedVariables({ GAUNTLET_POOL: 'a', LESS: 'x', HOME: '/home/me' })).toEqual({ GAUNTLET_POOL: 'a' })
})

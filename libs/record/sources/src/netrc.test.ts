import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { describe, expect, it } from 'vitest'
import { netrcEntry } from './netrc.mjs'

function found(text: string, host = 'data.example') {
  const NETRC = join(emptyFolder(), '.netrc')
  writeFileSync(NETRC, text)
  return netrcEntry(host, { NETRC })
}

const entry = { machine: 'data.example', login: 'me', password: 'se cret' }

describe('the entry of a host in ~/.netrc', () => {
  it.each([
    'machine data.example login me password "se cret"',
    'machine other login x password y\n# a comment\nmachine data.example\n  login me\n  password "se cret"\n',
    'macdef init\ncd /tmp\nmachine data.example login no\n\nmachine data.example login me password "se cret"',
    'machine data.example password "se cret" account z login me\ndefault login a password b',
  ])('is read: %j', (text) => {
    expect(found(text)).toEqual(entry)
  })

  it.each(['', 'machine other.example login me password x', 'default login me password x', 'machine'])(
    'is not there: %j',
    (text) => {
      expect(found(text)).toBeUndefined()
    },
  )

  it('is not there without the file', () => {
    expect(netrcEntry('data.example', { HOME: emptyFolder() })).toBeUndefined()
  })
})

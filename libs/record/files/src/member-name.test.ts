import { join, sep } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memberName } from './member-name.mjs'
import { Refused, refuse } from './refused.fixture.ts'

const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', 'b.txt', 'C:', '\\', '\0'), fc.string({ maxLength: 3 }))

describe('the name of a member', () => {
  it('is a path inside the folder an archive is unpacked to, or is refused', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        let name: string
        try {
          name = memberName(parts.join('/'), refuse)
        } catch (error) {
          expect(error).toBeInstanceOf(Refused)
          return
        }
        expect(`${join('/folder', name)}${sep}`.startsWith(`/folder${sep}`)).toBe(true)
        expect(memberName(name === '' ? '.' : name, refuse)).toBe(name)
      }),
      { numRuns: 500 },
    )
  })

  it('loses its `.` parts and the slash of a folder', () => {
    expect(memberName('./a/./b/', refuse)).toBe('a/b')
    expect(memberName('./', refuse)).toBe('')
  })
})

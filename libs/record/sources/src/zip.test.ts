import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyFolder } from './server.fixture.ts'
import { zipOf, type FixtureMember } from './zip.fixture.ts'
import { readZip, readZipMember } from './zip.mjs'

const text = Buffer.from('weights '.repeat(1_000))

async function readAll(path: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {}
  for (const member of (await readZip(path)).values()) {
    const pieces: Buffer[] = []
    for await (const piece of readZipMember(path, member)) pieces.push(piece)
    contents[member.name] = Buffer.concat(pieces).toString('latin1')
  }
  return contents
}

function write(bytes: Uint8Array): string {
  const path = join(emptyFolder(), 'archive.zip')
  writeFileSync(path, bytes)
  return path
}

describe('a zip file', () => {
  it('gives back what was put in, stored or deflated, empty or not', async () => {
    const member = fc.record({ content: fc.uint8Array({ maxLength: 5_000 }), stored: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 4 }), async (drawn) => {
        const members = drawn.map(({ content, stored }, i) => ({
          name: `folder/${i}.bin`,
          content: Buffer.from(content),
          stored,
        }))
        const expected = Object.fromEntries(members.map(({ name, content }) => [name, content.toString('latin1')]))
        expect(await readAll(write(zipOf(members)))).toEqual(expected)
      }),
      { numRuns: 25 },
    )
  })

  it('that is damaged anywhere gives no other bytes, only the same or one kind of error', async () => {
    const whole = zipOf([{ name: 'a', content: text }])
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(whole)
        damaged[at] = Number(damaged[at]) ^ change
        const outcome = await readAll(write(damaged)).catch((error: Error) => error)
        if (outcome instanceof Error) expect(outcome.name).toBe('UnusableSource')
        else for (const content of Object.values(outcome)) expect(content).toBe(text.toString('latin1'))
      }),
      { numRuns: 150 },
    )
  })

  const attacks: [string, Partial<FixtureMember>][] = [
    ['a name that leads out', { name: '../evil' }],
    ['a name that leads out from inside', { name: 'a/../../evil' }],
    ['an absolute name', { name: '/etc/passwd' }],
    ['a Windows path', { name: 'a\\..\\evil' }],
    ['a drive', { name: 'C:/evil' }],
    ['encryption', { flags: 1 }],
    ['a symbolic link', { mode: 0o120777 }],
    ['an unknown method', { method: 12 }],
    ['more bytes than it announces', { announcedSize: 10 }],
    ['fewer bytes than it announces', { announcedSize: 9_000 }],
    ['a wrong checksum', { crc: 1 }],
    ['zip64 sizes', { announcedSize: 0xffffffff }],
    ['a bomb', { content: Buffer.alloc(20 * 2 ** 20) }],
  ]
  it.each(attacks)('with %s is refused', async (_, wrong) => {
    await expect(readAll(write(zipOf([{ name: 'a', content: text, ...wrong }])))).rejects.toMatchObject({
      name: 'UnusableSource',
    })
  })

  it('with two members of one name is refused', async () => {
    const twice = [1, 2].map(() => ({ name: 'a', content: text }))
    await expect(readAll(write(zipOf(twice)))).rejects.toMatchObject({ name: 'UnusableSource' })
  })

  it('that is none is refused', async () => {
    for (const bytes of [Buffer.alloc(0), text, zipOf([{ name: 'a', content: text }]).subarray(0, 50)]) {
      await expect(readAll(write(bytes))).rejects.toMatchObject({ name: 'UnusableSource' })
    }
  })
})

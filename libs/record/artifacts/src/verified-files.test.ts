import {
  appendFileSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  type BigIntStats,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOf } from '@gauntlet/study'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { VerifiedFiles } from './verified-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-verified-'))
afterAll(() => rmSync(folder, { recursive: true }))
const [path, noted, digest] = [join(folder, 'artifact'), join(folder, 'cache/verified.txt'), digestOf('a')]
const state = () => statSync(path, { bigint: true })

beforeEach(() => {
  rmSync(join(folder, 'cache'), { recursive: true, force: true })
  writeFileSync(path, 'bytes')
})

describe('the files that were verified', () => {
  it('are known to every process that shares the note, also to those that looked before', () => {
    const [one, other] = [new VerifiedFiles(noted), new VerifiedFiles(noted)]
    expect(other.has(digest, state())).toBe(false)
    one.add(digest, state())
    expect(other.has(digest, state())).toBe(true)
    expect(new VerifiedFiles(noted).has(digest, state())).toBe(true)
    expect(new VerifiedFiles(null).has(digest, state())).toBe(false)
  })

  it('are known to a process that cannot note them, because the disk is full', () => {
    symlinkSync('/dev/full', join(folder, 'full.txt'))
    const files = new VerifiedFiles(join(folder, 'full.txt'))
    files.add(digest, state())
    expect(files.has(digest, state())).toBe(true)
  })

  it('are not trusted once their size, their time or their inode has changed', () => {
    const files = new VerifiedFiles(noted)
    files.add(digest, state())
    const before = state()
    writeFileSync(path, 'other bytes')
    expect(files.has(digest, state())).toBe(false)
    writeFileSync(path, 'bytes')
    utimesSync(path, 1, 1)
    expect(files.has(digest, state())).toBe(false)
    expect(files.has(digest, { ...before, ino: before.ino + 1n } as typeof before)).toBe(false)
    const setBack = { ...before, ctimeNs: before.ctimeNs + 1n } as typeof before
    expect(files.has(digest, setBack)).toBe(false) // bytes changed, and a program set their time back
    expect(files.has(digest, before)).toBe(true)
  })

  it('are forgotten by all when one process finds other bytes', () => {
    const [one, other] = [new VerifiedFiles(noted), new VerifiedFiles(noted)]
    one.add(digest, state())
    expect(other.has(digest, state())).toBe(true)
    other.forget(digest, state())
    expect(other.has(digest, state())).toBe(false)
    expect(new VerifiedFiles(noted).has(digest, state())).toBe(false)
  })

  it('survive a note whose last line was cut off, or that holds what is no line', () => {
    new VerifiedFiles(noted).add(digest, state())
    appendFileSync(noted, `nonsense\n${digestOf('b')} 1:2`)
    const files = new VerifiedFiles(noted)
    expect([files.has(digest, state()), files.has(digestOf('b'), state())]).toEqual([true, false])
    appendFileSync(noted, ':3:4\n') // the process that wrote the beginning goes on
    const whole = { size: 1n, mtimeNs: 2n, ctimeNs: 3n, ino: 4n } as BigIntStats
    expect(files.has(digestOf('b'), whole)).toBe(true)
  })

  it('are noted in a file that is written anew when most of its lines are outdated', async () => {
    const files = new VerifiedFiles(noted)
    files.add(digest, state())
    appendFileSync(noted, `${digestOf('b')} 1:2:3\n`.repeat(10_000))
    const other = new VerifiedFiles(noted)
    expect(other.has(digestOf('c'), state())).toBe(false)
    await files.shorten()
    expect(statSync(noted).size).toBeLessThan(300)
    expect(new VerifiedFiles(noted).has(digest, state())).toBe(true)
    files.add(digestOf('c'), state())
    expect(other.has(digestOf('c'), state())).toBe(true) // which had read the longer file
  })
})

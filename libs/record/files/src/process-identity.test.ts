import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { identityFromStat, processIdentity } from './process-identity.mjs'

/** A line of `/proc/<pid>/stat` with the fields that matter. */
function stat({ name = 'node', state = 'S', threads = 1, started = 500 }): string {
  return [`7 (${name})`, state, ...Array<number>(16).fill(0), threads, 0, started, 0, 0].join(' ')
}

describe('the identity of a process', () => {
  it('stays the same while it lives, differs from that of others, and ends with it', async () => {
    const child = spawn('sleep', ['60'])
    await once(child, 'spawn')
    const identity = processIdentity(child.pid ?? 0)
    expect(identity).toBeDefined()
    expect(processIdentity(child.pid ?? 0)).toBe(identity)
    expect(processIdentity(process.pid)).not.toBe(identity)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(processIdentity(child.pid ?? 0)).toBeUndefined()
  })

  it('is read correctly behind a name that holds brackets and blanks', () => {
    expect(identityFromStat(stat({ name: 'a) Z 1 (b' }), 'boot')).toBe('boot/500')
  })

  it('stays that of a living process while a killed one has threads that hold its ports', () => {
    expect(identityFromStat(stat({ state: 'Z', threads: 3 }), 'boot')).toBe('boot/500')
    expect(identityFromStat(stat({ state: 'Z', threads: 1 }), 'boot')).toBeUndefined()
    expect(identityFromStat(stat({ state: 'X' }), 'boot')).toBeUndefined()
  })
})

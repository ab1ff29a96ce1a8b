import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processIdentity } from '@gauntlet/files'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { StackUsers } from './stack-users.ts'

let home: string
let stops: number
const stop = async () => void (stops += 1)

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gauntlet-users-'))
  stops = 0
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

it('stops the services when the last command leaves', async () => {
  const users = new StackUsers(home)
  await users.enter()
  await users.leave(stop)
  expect(stops).toBe(1)
})

it('does not stop them while another command needs them, unless that was killed', async () => {
  const other = spawn('sleep', ['60'])
  try {
    const users = new StackUsers(home)
    writeFileSync(join(home, 'users', String(other.pid)), processIdentity(other.pid!)!)
    await users.enter()
    await users.leave(stop)
    expect(stops).toBe(0)
    other.kill('SIGKILL')
    await once(other, 'exit')
    await users.enter()
    await users.leave(stop)
    expect(stops).toBe(1)
  } finally {
    other.kill('SIGKILL')
  }
})

it('does not count a process that has the pid of a former user', async () => {
  const users = new StackUsers(home)
  writeFileSync(join(home, 'users', '1'), 'another boot/1')
  await users.leave(stop)
  expect(stops).toBe(1)
})

it('keeps services that `up` started until all commands are ended', async () => {
  const users = new StackUsers(home)
  await users.keep()
  await users.enter()
  await users.leave(stop)
  expect(stops).toBe(0)
  await users.endOthers()
  await users.leave(stop)
  expect(stops).toBe(1)
})

it('ends other commands with SIGTERM', async () => {
  const other = spawn('sleep', ['60'])
  const ended = once(other, 'exit')
  const users = new StackUsers(home)
  writeFileSync(join(home, 'users', String(other.pid)), processIdentity(other.pid!)!)
  await users.endOthers()
  expect(await ended).toEqual([null, 'SIGTERM'])
})

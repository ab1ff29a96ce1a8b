import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasPostgres, serviceStatus, startProcess } from '@gauntlet/infra'
import { processIdentity } from '@gauntlet/files'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { expect, it, vi } from 'vitest'
import { readCommandSettings } from '../settings.ts'
import { useHome } from './home.fixture.ts'
import { LocalStack } from './local-stack.ts'

const home = useHome()

it('leaves nothing running where one service cannot start while another still does', async () => {
  vi.stubEnv('PATH', '/usr/bin:/bin').stubEnv('GAUNTLET_CACHE', emptyFolder()) // where no Temporal is
  const failed = LocalStack.use(readCommandSettings(), (stack) => stack.everything())
  await expect(failed).rejects.toMatchObject({ name: 'TemporalMissing' })
  expect(hasPostgres(home())).toBe(true) // it has started, which takes longer, and was stopped
  expect(serviceStatus(home())).toMatchObject([{ name: 'postgres', state: 'stopped' }])
}, 60_000)

it('says that the services go on where another command does not end, and stops them when it has', async () => {
  const stack = new LocalStack(readCommandSettings())
  const busy = spawn('/bin/sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'])
  try {
    await once(busy.stdout, 'data')
    writeFileSync(join(home(), 'users', String(busy.pid)), processIdentity(busy.pid!)!)
    await startProcess(home(), { name: 'gpu-worker', command: 'sleep', args: ['60'] })
    await expect(stack.down(100)).rejects.toThrow(`kill -9 ${busy.pid}, and call npx gauntlet down again`)
    expect(serviceStatus(home())).toMatchObject([{ state: 'running' }])
  } finally {
    busy.kill('SIGKILL')
    await once(busy, 'exit')
  }
  expect(await stack.down()).toEqual(['gpu-worker'])
  expect(serviceStatus(home())).toMatchObject([{ state: 'stopped' }])
})

it('fails at once where its folders cannot be made', async () => {
  const settings = readCommandSettings()
  expect(() => new LocalStack({ ...settings, home: '/proc/nothing' })).toThrow("mkdir '/proc/nothing'")
  const used = LocalStack.use({ ...settings, cache: '/proc/nothing' }, () => Promise.resolve())
  await expect(used).rejects.toThrow("mkdir '/proc/nothing'")
})

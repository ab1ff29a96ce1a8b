import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { expect, it } from 'vitest'
import { deviceVariables } from './device-variables.ts'

/** Starts the process that multiplies, and waits until it does. */
async function multiplying(options: readonly string[] = []): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'signalled-products.fixture.ts'), {
    execArgv: ['--import', import.meta.resolve('tsx'), ...options],
    env: { ...process.env, ...deviceVariables({ threads: 1 }) },
  })
  await once(child, 'message')
  return child
}

it('multiplies to the same bits under a stream of ignored signals', async () => {
  const child = await multiplying()
  const stream = setInterval(() => child.kill('SIGUSR2'), 1)
  expect(await once(child, 'exit')).toEqual([0, null])
  clearInterval(stream)
})

it('multiplies to the same bits while it is profiled', async () => {
  const child = await multiplying(['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${emptyFolder()}`])
  expect(await once(child, 'exit')).toEqual([0, null])
})

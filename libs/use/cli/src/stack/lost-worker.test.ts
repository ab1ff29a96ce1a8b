import { startProcess, stopServices } from '@gauntlet/infra'
import { expect, it } from 'vitest'
import { useHome } from './home.fixture.ts'
import { lostWorkerNotice } from './lost-worker.ts'

const home = useHome()

it('says once that a worker has ended that nothing starts again', async () => {
  const start = (name: string) => startProcess(home(), { name, command: 'sleep', args: ['60'] })
  const asked = (notice: () => string | undefined) => Array.from({ length: 30 }, notice).filter((said) => said)
  const notice = lostWorkerNotice(home())
  await Promise.all([start('ledger-worker'), start('fetch-worker')])
  expect(asked(notice)).toEqual([])
  await stopServices(home())
  await start('ledger-worker')
  expect(asked(notice)).toEqual([expect.stringContaining('start it again with: npx gauntlet up')])
  await stopServices(home())
})

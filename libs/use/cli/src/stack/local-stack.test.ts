import { hasPostgres, serviceStatus } from '@gauntlet/infra'
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

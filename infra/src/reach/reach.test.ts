import { once } from 'node:events'
import { createServer } from 'node:net'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../free-port.ts'
import { serviceStatus, stopServices } from '../services.ts'
import { closeReach, openReach, reachedAt, reachVariables, startReach } from './reach.ts'

let home: string
beforeEach(() => void (home = emptyFolder()))
afterEach(() => stopServices(home))

describe('letting workers elsewhere in', () => {
  it('goes on until the services are stopped, and says where', async () => {
    const port = await freePort()
    expect(reachedAt(home)).toBeUndefined()
    await openReach(home, { port })
    closeReach(home) // as `up` without --reachable does
    expect(reachedAt(home)).toBe(`0.0.0.0:${port}`)
    await stopServices(home)
    expect(reachedAt(home)).toBeUndefined()
  })

  it('fails where another program has the port, and leaves nothing that a later start would fail of', async () => {
    const other = createServer((socket) => socket.destroy()).listen(0, '0.0.0.0')
    await once(other, 'listening')
    try {
      const { port } = other.address() as { port: number }
      await expect(openReach(home, { port })).rejects.toMatchObject({
        name: 'ProcessFailedToStart',
        message: expect.stringContaining('choose another port with --port'),
      })
      expect(serviceStatus(home)).toMatchObject([{ name: 'reach', state: 'stopped' }])
      expect(reachVariables(home)).toBeUndefined()
      await startReach(home)
    } finally {
      other.close()
    }
  })
})

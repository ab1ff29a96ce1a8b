import { X509Certificate } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeKeyPair, type KeyPair } from './certificate.ts'
import { reachServer } from './reach-server.ts'

const authority = { ...makeKeyPair('authority', 'ours'), name: 'ours' }
const other = { ...makeKeyPair('authority', 'ours'), name: 'ours' } // of the same name, by another key
const own = makeKeyPair('server', 'gauntlet', authority)
const worker = makeKeyPair('client', 'worker', authority)

/** Stands for Temporal: answers what it is sent. */
const echo = createServer((socket) => void socket.pipe(socket))
const server = reachServer({
  ...own,
  authority: authority.certificate,
  target: () => (echo.address() as AddressInfo).port,
})

beforeAll(async () => {
  echo.listen(0, '127.0.0.1')
  server.listen(0, '127.0.0.1')
  await Promise.all([once(echo, 'listening'), once(server, 'listening')])
})
afterAll(() => {
  echo.close()
  server.close()
})

/** What comes back for `hello`; null where the connection is refused or the server is not trusted. */
function answer(client: KeyPair | undefined, trusted = authority.certificate): Promise<string | null> {
  return new Promise((done) => {
    const socket: TLSSocket = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      servername: 'gauntlet',
      ca: trusted,
      ALPNProtocols: ['h2'],
      ...(client ? { cert: client.certificate, key: client.key } : {}),
    })
    socket.on('secureConnect', () => socket.write('hello'))
    socket.on('data', (data: Buffer) => {
      done(data.toString())
      socket.destroy()
    })
    socket.on('error', () => done(null)).on('close', () => done(null))
  })
}

describe('the way to Temporal from other machines', () => {
  it('is open to the key of the home', async () => {
    expect(await answer(worker)).toBe('hello')
  })

  it.each([
    ['no key', undefined],
    ['a key of another authority of the same name', makeKeyPair('client', 'worker', other)],
    ['a key that signed itself', makeKeyPair('client', 'worker')],
    ['the key of the server, which is for no client', own],
  ])('is closed to %s', async (_, client) => {
    expect(await answer(client)).toBeNull()
  })

  it('is known to a worker as its own, so that no other server gets its work', async () => {
    expect(await answer(worker, other.certificate)).toBeNull()
  })
})

it('a certificate says what it is for, and is valid for years', () => {
  const parsed = new X509Certificate(own.certificate)
  expect(parsed.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true)
  expect(parsed.checkHost('gauntlet')).toBe('gauntlet')
  expect([parsed.ca, new X509Certificate(authority.certificate).ca]).toEqual([false, true])
  expect(Date.parse(parsed.validTo) - Date.now()).toBeGreaterThan(9 * 365 * 86_400_000)
})

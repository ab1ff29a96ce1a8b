import { createServer as createHttpServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, type AddressInfo, type Server } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * A proxy on 127.0.0.1 for one test, which takes every host for the one that really is at `target`. Gives its address
 * and what it was asked for.
 */
export async function serveProxy(target: () => string, refusal?: number) {
  const asked: IncomingMessage[] = []
  const server = createHttpServer((request, response) => {
    asked.push(request)
    if (refusal) return void response.writeHead(refusal).end()
    const { method, headers } = request
    const onward = httpRequest(new URL(new URL(request.url!).pathname, target()), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.end()
  })
  server.on('connect', (request, socket) => {
    asked.push(request)
    if (refusal) return void socket.end(`HTTP/1.1 ${refusal} Refused\r\n\r\n`)
    const onward = connect(Number(new URL(target()).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    for (const end of [socket, onward]) end.on('error', () => undefined)
  })
  return { address: await listen(server, 'http'), asked }
}

/** A server of `https://hub.invalid`, at 127.0.0.1. */
export async function serveTls(bytes: Uint8Array): Promise<string> {
  return listen(
    createHttpsServer({ key: testKey, cert: testCertificate }, (_, response) => response.end(bytes)),
    'https',
  )
}

async function listen(server: Server, scheme: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Of `hub.invalid`, signed by itself, for these tests alone: `openssl req -x509 -newkey ec -nodes -days 36500 …`. */
export const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUd/XklehzEJ5BG1dYMH1HE9zNxygwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLaHViLmludmFsaWQwIBcNMjYxMTMwMTE0OTQ4WhgPMjEyNjEx
MDYxMTQ5NDhaMBYxFDASBgNVBAMMC2h1Yi5pbnZhbGlkMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAESbWgW3aumE/G8ERSkglcIs68mJ5F1gsro4LFjVlPKBAqao7E
pyyVP2RYeRxBfDcP1ryTDcGADGEfoEVI+Hzm2aNrMGkwHQYDVR0OBBYEFPRP9N4t
Jn8iUN4w4gtpB3kynwOMMB8GA1UdIwQYMBaAFPRP9N4tJn8iUN4w4gtpB3kynwOM
MA8GA1UdEwEB/wQFMAMBAf8wFgYDVR0RBA8wDYILaHViLmludmFsaWQwCgYIKoZI
zj0EAwIDSQAwRgIhANAAzk42wchrE4rXmL3Qo6IJpCybdH36vL5vp7Bf7IHcAiEA
kTzxtrvsCgmHM7iPF2AUCswVMFXgPZt9C2T7bDROU9M=
-----END CERTIFICATE-----`
const testKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdzwrq5hhBO+l4jX4
ROKpXnHn8rli0+OI4joj3rR8NLihRANCAARJtaBbdq6YT8bwRFKSCVwizryYnkXW
CyujgsWNWU8oECpqjsSnLJU/ZFh5HEF8Nw/WvJMNwYAMYR+gRUj4fObZ
-----END PRIVATE KEY-----`

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A real server on 127.0.0.1 for one test. Gives its address and the requests it received. */
export async function serve(answer: Answer): Promise<{ address: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the server has no port')
  return { address: `http://127.0.0.1:${address.port}`, requests }
}

/** Sends bytes as a file server does, with ranges. Cuts the connection after `cutAfter` bytes of the answer. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  cutAfter = Infinity,
): void {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? []
  const start = Number(from ?? 0)
  if (from !== undefined && start >= bytes.length) return void response.writeHead(416).end()
  const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }
  response.writeHead(from === undefined ? 200 : 206, {
    'content-length': bytes.length - start,
    ...(from === undefined ? {} : range),
  })
  const sent = bytes.subarray(start, Math.min(bytes.length, start + cutAfter))
  if (start + sent.length === bytes.length) response.end(sent)
  else response.write(sent, () => setTimeout(() => response.destroy(), 100)) // by then the client may have received them
}

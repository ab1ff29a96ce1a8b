import type { IncomingMessage, ServerResponse } from 'node:http'
import { digestOfBytes } from '@gauntlet/study'
import { sendFile, serve } from './server.fixture.ts'

export const commit = '0123456789abcdef0123456789abcdef01234567'

/** What the hub of one test holds and does. */
export interface HubBehaviour {
  /** Bytes by `<owner>/<name>/<file>`. */
  readonly files: Readonly<Record<string, Uint8Array>>
  /** Old name of a repository → its name now. */
  readonly renamed?: Readonly<Record<string, string>>
  /** Whether the files are kept in Git itself: without a linked tag, and on the hub's own host. */
  readonly small?: boolean
  /** Answers those requests to the host of the bytes for which it returns true. */
  readonly storage?: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Answers those requests to the hub for which it returns true. */
  readonly front?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** A server with the hub's protocol at 127.0.0.1, and one with its bytes at `localhost`, which is another host. */
export async function serveHub({ files, renamed = {}, small = false, storage, front }: HubBehaviour) {
  const bytesOf = (path: string) => Object.entries(files).find(([name]) => path === `/${name}`)?.[1]
  const store = await serve((request, response) => {
    const bytes = bytesOf(new URL(request.url!, 'http://x').pathname)
    if (storage?.(request, response)) return
    if (!bytes) return void response.writeHead(404).end()
    response.setHeader('etag', `"${digestOfBytes(bytes).slice(0, 32)}"`)
    sendFile(request, response, bytes)
  })
  const hub = await serve((request, response) => {
    if (front?.(request, response)) return
    if (request.url!.startsWith('/api/')) return sendFromApi(request.url!, files, response)
    const [, repository = '', revision = '', file = ''] = /^\/(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(request.url!) ?? []
    const now = renamed[repository]
    if (now) return void response.writeHead(307, { location: `/${now}/resolve/${revision}/${file}` }).end()
    const bytes = bytesOf(`/${repository}/${file}`)
    if (!bytes || !['main', commit].includes(revision))
      return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    response.setHeader('x-repo-commit', commit)
    if (small)
      return void response
        .writeHead(200, { etag: `"${'f'.repeat(40)}"` })
        .end(request.method === 'HEAD' ? undefined : bytes)
    const location = `${store.address.replace('127.0.0.1', 'localhost')}/${repository}/${file}?signature=secret`
    response
      .writeHead(302, { location, 'x-linked-etag': `"${digestOfBytes(bytes)}"`, 'x-linked-size': bytes.length })
      .end()
  })
  return { address: hub.address, requests: hub.requests, stored: store.requests }
}

/** The parts of the hub's API that list a repository: `revision/<branch>` and `tree/<commit>/<folder>`. */
function sendFromApi(url: string, files: HubBehaviour['files'], response: ServerResponse): void {
  const send = (value: unknown) => void response.end(JSON.stringify(value))
  const [, repository = '', question, rest = ''] =
    /^\/api\/(?:models\/)?(.+?)\/(revision|tree)\/([^?]+)/.exec(decodeURIComponent(url)) ?? []
  const names = Object.keys(files).filter((name) => name.startsWith(`${repository}/`))
  if (names.length === 0) return void response.writeHead(404).end()
  if (question === 'revision') return send({ sha: commit })
  const folder = rest.split('/').slice(1).join('/')
  const listed = names.map((name) => name.slice(repository.length + 1)).filter((name) => name.startsWith(folder))
  send([
    { type: 'directory', path: 'data', oid: 'd'.repeat(40), size: 0 },
    ...listed.map((path) => {
      const bytes = files[`${repository}/${path}`]!
      const large = path.endsWith('.parquet') ? { lfs: { oid: digestOfBytes(bytes), size: bytes.length } } : {}
      return { type: 'file', path, oid: 'f'.repeat(40), size: bytes.length, ...large }
    }),
  ])
}

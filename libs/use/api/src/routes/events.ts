import { changesSince, type LedgerChanges, type LedgerDatabase } from '@gauntlet/ledger'
import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { streamSSE, type SSEStreamingApi } from 'hono/streaming'
import { ApiError } from '../api-error.ts'
import { ChangeWatcher, isChange } from '../changes.ts'
import type { ApiDependencies } from '../dependencies.ts'
import type { ChangeEvent } from '../wire/study-now.ts'

/** Streams at once. A browser opens one for all its tabs. */
const mostStreams = 64

/** Milliseconds between two signs of life on a quiet stream. */
const signOfLife = 15_000

const route = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'A stream of changes; the id of an event is the position to go on from (Last-Event-ID or after)',
  request: {
    query: z.object({
      after: z
        .string()
        .regex(/^\d{1,19}$/, 'a position of the ledger')
        .optional(),
    }),
  },
  responses: {
    200: {
      description: 'Events `changes` with the studies that changed',
      content: { 'text/event-stream': { schema: z.string() } },
    },
  },
})

/**
 * The stream of changes. An event says which studies changed and no more, since whoever is told reads what it needs. A
 * reader that was away gets what it has missed as one event.
 */
export function addEventRoutes(app: OpenAPIHono, { db }: Pick<ApiDependencies, 'db'>): void {
  const watcher = new ChangeWatcher(db)
  let streams = 0
  app.openapi(route, (context) => {
    if (streams >= mostStreams)
      throw new ApiError(429, `${mostStreams} streams of changes are open; close some pages of other browsers.`)
    const known = context.req.header('last-event-id') ?? context.req.valid('query').after
    const after = known && /^\d{1,19}$/.test(known) ? known : null
    if (context.req.method === 'HEAD') return context.body(null) // There is no body whose end would end a stream.
    context.header('x-accel-buffering', 'no') // A proxy passes on each event at once.
    return streamSSE(context, async (stream) => {
      streams += 1
      try {
        await follow(stream, watcher, db, after)
      } finally {
        streams -= 1
      }
    })
  })
}

async function follow(
  stream: SSEStreamingApi,
  watcher: ChangeWatcher,
  db: LedgerDatabase,
  after: string | null,
): Promise<void> {
  // It listens before it looks at what was missed, so that nothing falls between the two.
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => void (end = resolve))
  const tell = (changes: LedgerChanges) => stream.writeSSE(eventOf(changes)).catch(() => end())
  const stop = watcher.listen((changes) => void tell(changes))
  stream.onAbort(() => end())
  const life = setInterval(() => void stream.write(': alive\n\n').catch(() => end()), signOfLife)
  try {
    const missed = await changesSince(db, after)
    if (after !== null && isChange(missed)) await tell(missed)
    else await stream.writeSSE({ event: 'begin', id: missed.position, data: '{}', retry: 1_000 })
    await ended
  } finally {
    clearInterval(life)
    stop()
  }
}

function eventOf({ position, studies, pools, hasWithdrawnShared, isOther }: LedgerChanges) {
  // Another description of a pool, or a stage that many rest on, may change any table.
  const data: ChangeEvent = { studies: hasWithdrawnShared || pools.length > 0 ? ['*'] : studies, isOther }
  return { event: 'changes', id: position, data: JSON.stringify(data), retry: 1_000 }
}

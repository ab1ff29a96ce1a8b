import type { ArtifactStore } from '@gauntlet/artifacts'
import type { WorkerDescription } from '@gauntlet/contract'
import { lastPoolDescription, type LedgerDatabase } from '@gauntlet/ledger'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { createApi, type ApiOptions } from './create-api.ts'
import { PoolUnknown, type ApiDependencies } from './dependencies.ts'

/** What the API needs where no Temporal runs: the pool is as the ledger has it, and nothing runs. */
export function dependenciesOf(
  db: LedgerDatabase,
  store: ArtifactStore,
  changes: Partial<ApiDependencies> = {},
): ApiDependencies {
  return {
    db,
    store,
    async describePool(codes) {
      const recorded = await lastPoolDescription(db, 'default', codes)
      if (!recorded) throw new PoolUnknown('No pool has described itself.')
      return { description: recorded.document as unknown as WorkerDescription, describedAt: recorded.describedAt }
    },
    snapshot: () => Promise.resolve({ status: 'absent', progress: null, stages: [] }),
    speeds: () => [],
    actions: {},
    readOnly: false,
    ledgerName: 'a test',
    ...changes,
  }
}

/** A server on loopback, asked without a network. */
export function apiOf(dependencies: ApiDependencies, options: Partial<ApiOptions> = {}): OpenAPIHono {
  return createApi(dependencies, { access: { hostname: '127.0.0.1', token: undefined }, ...options })
}

/** Asks for JSON, as this machine does. */
export async function ask<Answer = Record<string, unknown>>(
  app: Pick<OpenAPIHono, 'request'>,
  path: string,
  init?: RequestInit,
): Promise<{ status: number; answer: Answer; headers: Headers }> {
  const response = await app.request(`http://127.0.0.1:4680${path}`, init)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
  return { status: response.status, answer: (isJson ? JSON.parse(text) : text) as Answer, headers: response.headers }
}

import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** A request that cannot be answered. The message says in one sentence what to change. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: ContentfulStatusCode,
    message: string,
  ) {
    super(message)
  }
}

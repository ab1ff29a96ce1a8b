/** The server did not answer, or answered with an error; the message is its sentence. */
class RequestFailed extends Error {
  override readonly name = 'RequestFailed'

  constructor(
    message: string,
    /** 0 where nothing answered. */
    readonly status: number,
  ) {
    super(message)
  }
}

/** Asks the API. Throws `RequestFailed`. */
export async function getJson<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return answerOf<Answer>(await send(path, signal ? { signal } : {}))
}

/** Lets the API do something. Throws `RequestFailed`. */
export async function postJson<Answer>(path: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  return answerOf<Answer>(await send(path, { method: 'POST', headers, body: '{}' }))
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new RequestFailed('The server does not answer. Start it again with: npx gauntlet dashboard', 0)
  }
}

async function answerOf<Answer>(response: Response): Promise<Answer> {
  const body = (await response.json().catch(() => null)) as { error?: string } | null
  if (response.ok && body !== null) return body as Answer
  throw new RequestFailed(body?.error ?? `The server answered with ${response.status}.`, response.status)
}

/** The study that the page shows: what its address calls it, and its id. */
let kept: { readonly named: string; readonly id: string } | null = null

/** From now on a name means the study that has this id, although another one of that name may be recorded. */
export function keepTo(study: { readonly named: string; readonly id: string } | null): void {
  kept = study
}

/** The path of a study's part of the API. */
export function studyPath(study: string, part: string): string {
  return `/api/studies/${encodeURIComponent(study === kept?.named ? kept.id : study)}/${part}`
}

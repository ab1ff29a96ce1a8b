import { useEffect, useState } from 'preact/hooks'
import { onChange } from './changes.ts'
import { getJson } from './requests.ts'

/** An answer of the API: there, on its way, or failed with a sentence. What was there stays while it is asked again. */
export interface Asked<Answer> {
  readonly answer: Answer | null
  readonly error: string | null
}

interface AskOptions {
  /** Asks again when it changes. */
  readonly revision?: number
  /** Asks again after so many milliseconds while the page is seen. */
  readonly everyMilliseconds?: number
}

/** Asks the API for a path; null asks for nothing. After an error it asks again with the next change. */
export function useAnswer<Answer>(
  path: string | null,
  { revision = 0, everyMilliseconds }: AskOptions = {},
): Asked<Answer> {
  const [asked, setAsked] = useState<Asked<Answer> & { readonly path: string | null }>({
    path: null,
    answer: null,
    error: null,
  })
  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    let hasFailed = false
    const ask = () =>
      getJson<Answer>(path, stop.signal).then(
        (answer) => {
          hasFailed = false
          setAsked({ path, answer, error: null })
        },
        (error: Error) => {
          if (stop.signal.aborted) return
          hasFailed = true
          setAsked((before) => ({ path, answer: before.path === path ? before.answer : null, error: error.message }))
        },
      )
    void ask()
    const stopListening = onChange(() => hasFailed && void ask())
    const timer = everyMilliseconds && window.setInterval(() => document.hidden || void ask(), everyMilliseconds)
    return () => {
      stop.abort()
      stopListening()
      if (timer) window.clearInterval(timer)
    }
  }, [path, revision, everyMilliseconds])
  return asked.path === path ? asked : { answer: null, error: null }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { SourceUnreachable } from './download-errors.mjs'
import { Interrupted } from './http-stream.mjs'

/** How often and how patiently. */
const tries = 5
const longestPauseMilliseconds = 60_000

/**
 * Repeats `action` while it is interrupted: pauses double from `pause`, with up to a quarter more by chance, or last as
 * long as the server asks. As long as `progress` grows the tries are not used up, so a slow link that keeps breaking
 * still ends with the file. @template Result @param {() => Promise<Result>} action @param {{ pause?: number |
 * undefined, signal?: AbortSignal | undefined, progress?: () => number }} options pause: milliseconds @returns
 * {Promise<Result>}
 */
export async function retrying(action, { pause = 500, signal, progress = () => 0 }) {
  for (let failures = 0; ; failures++) {
    const before = progress()
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      if (progress() > before) failures = 0
      if (failures + 1 >= tries) {
        throw new SourceUnreachable(
          `${error.message}; check the network and start again, what is there already is kept.`,
        )
      }
      const wait = error.retryAfterMilliseconds ?? pause * 2 ** failures * (1 + Math.random() / 4)
      await sleep(Math.min(wait, longestPauseMilliseconds), undefined, signal ? { signal } : {})
    }
  }
}

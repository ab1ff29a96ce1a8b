import { setTimeout as sleep } from 'node:timers/promises'
import { SourceUnreachable } from './download-errors.mjs'
import { Interrupted } from './http-stream.mjs'

/** Tries in a row that bring nothing new. */
const tries = 5
const longestPauseMilliseconds = 60_000

/**
 * Repeats `action` while it is interrupted. The pause doubles each time, with up to a quarter more by chance, or lasts
 * as long as the server asks. While `progress` grows the tries are not used up, so that a slow connection that keeps
 * breaking still ends with the file.
 * @template Result
 * @param {() => Promise<Result>} action
 * @param {object} options
 * @param {number | undefined} [options.pause] milliseconds before the first repetition
 * @param {AbortSignal | undefined} [options.signal]
 * @param {() => number} [options.progress] a number that grows while `action` gets anywhere
 * @returns {Promise<Result>}
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

/**
 * The least to judge by: seconds of observed work, or a share of what was left. The time before the first work was done
 * does not count, because starting and compiling say nothing about the pace.
 */
const enough = { seconds: 20, share: 0.05 }

/** Estimates how long work still takes from how much of it is left. */
export interface Pace {
  /**
   * Takes how much is left, in any unit, and the seconds of a clock. Gives the seconds that the work still takes, or
   * null while there is too little to judge by.
   */
  secondsLeft(left: number, seconds: number): number | null
}

export function observePace(): Pace {
  let first: number | null = null
  let begin: { readonly left: number; readonly at: number } | null = null
  return {
    secondsLeft(left, seconds) {
      first ??= left
      if (left >= first) return null
      begin ??= { left, at: seconds }
      const [done, passed] = [begin.left - left, seconds - begin.at]
      const isEnough = done > 0 && passed > 0 && (passed >= enough.seconds || done >= enough.share * begin.left)
      return isEnough ? (left / done) * passed : null
    },
  }
}

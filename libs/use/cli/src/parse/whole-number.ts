import { Misuse } from '../command-failed.ts'

/** Gives what reads a whole number from `least` to `most` as the value of an option; `or` says what else it takes. */
export function wholeNumber(option: string, least: number, most: number, or = ''): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d{1,10}$/.test(text) && value >= least && value <= most) return value
    throw new Misuse(`${option} is ${JSON.stringify(text)}; give a whole number from ${least} to ${most}${or}.`)
  }
}

/** Gives what reads an option that is a count of images; null for `all`. */
export function imageCount(option: string, least: number): (text: string) => number | null {
  const read = wholeNumber(option, least, 999_999_999, ', or all')
  return (text) => (text === 'all' ? null : read(text))
}

/** Gives what reads an option that is a seed. */
export function seed(option: string): (text: string) => number {
  return wholeNumber(option, 0, 2 ** 32 - 1)
}

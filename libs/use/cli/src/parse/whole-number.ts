import { Misuse } from '../command-failed.ts'

/** Gives what reads the value of an option that is a whole number from `least` to `most`. */
export function wholeNumber(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d{1,10}$/.test(text) && value >= least && value <= most) return value
    throw new Misuse(`${option} is ${JSON.stringify(text)}; give a whole number from ${least} to ${most}.`)
  }
}

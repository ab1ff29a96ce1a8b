import { digestOf } from '@gauntlet/study'

/** Whole numbers from 0 to `sides` − 1 in an order that the seed decides. */
export function seededDice(seed: number): (sides: number) => number {
  let throws = 0
  return (sides) => Number.parseInt(digestOf([seed, throws++]).slice(0, 8), 16) % sides
}

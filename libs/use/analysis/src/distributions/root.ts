/**
 * Where a continuous function is 0 between two points at which it has different signs: false position with the
 * Illinois rule (Dowell and Jarratt, BIT 11, 1971), halving where an end is infinite. Ends where an estimate moves by
 * less than 1e-14 of itself, some ten evaluations on.
 */
export function rootBetween(f: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high]
  let [fa, fb] = [f(a), f(b)]
  let estimate = a
  for (let step = 0; step < 200; step++) {
    const position = (a * fb - b * fa) / (fb - fa)
    const next = position > Math.min(a, b) && position < Math.max(a, b) ? position : (a + b) / 2
    const value = f(next)
    if (value === 0 || Math.abs(next - estimate) <= 1e-14 * Math.abs(next)) return next
    if (Math.sign(value) === Math.sign(fb)) fa /= 2
    else [a, fa] = [b, fb]
    ;[b, fb] = [next, value]
    estimate = next
  }
  return estimate
}

/** The x > 0 at which a tail that falls from 1 to 0 is p, for p in (0, 1). */
export function pointOfTail(tail: (x: number) => number, p: number): number {
  let high = 1
  while (tail(high) > p) high *= 2
  return rootBetween((x) => Math.log(tail(x) / p), high === 1 ? 0 : high / 2, high)
}

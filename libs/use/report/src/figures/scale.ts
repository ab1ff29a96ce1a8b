/** Maps numbers to pixels. */
export interface Scale {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** A linear scale over at least [low, high], which ends at round numbers. Around a single value it leaves room. */
export function linearScale(low: number, high: number, from: number, to: number, wanted = 6): Scale {
  if (low === high) {
    const room = Math.abs(low) / 10 || 1
    return linearScale(low - room, high + room, from, to, wanted)
  }
  const power = 10 ** Math.floor(Math.log10((high - low) / wanted))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => (high - low) / candidate <= wanted)!
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)]
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => settled((first + i) * step))
  const at = (value: number) => from + ((value / step - first) / (last - first)) * (to - from)
  return { at, ticks }
}

/** A logarithmic scale over powers of ten; values beyond its ends are drawn at them. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  const [first, last] = [
    Math.floor(Math.log10(low)),
    Math.max(Math.ceil(Math.log10(high)), Math.floor(Math.log10(low)) + 1),
  ]
  const at = (value: number) => {
    const place = value <= 0 ? 0 : (Math.log10(value) - first) / (last - first)
    return from + Math.min(1, Math.max(0, place)) * (to - from)
  }
  return { at, ticks: Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)) }
}

/** Without the digits that rounding adds. */
function settled(value: number): number {
  return Number(value.toPrecision(12))
}

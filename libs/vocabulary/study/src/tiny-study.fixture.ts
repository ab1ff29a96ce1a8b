/** A study of two cells in six lines, one for each key, which tests alter. */
export const tinyStudy = `name: tiny
datasets: [digits]
backbones: [tf_efficientnet_lite0.in1k]
losses: [Classic AT, TRADES]
protocols: [FFT-2]
evaluator: apgd-ce
`

/** The tiny study with some lines replaced or, by null, removed. Other keys are added at the end, from line 7 on. */
export function tinyStudyWith(changes: Readonly<Record<string, string | null>>): string {
  const rest = new Map(Object.entries(changes))
  const lines = tinyStudy.trimEnd().split('\n')
  const kept = lines.flatMap((line) => {
    const key = line.slice(0, line.indexOf(':'))
    if (!rest.has(key)) return [line]
    const change = rest.get(key)
    rest.delete(key)
    return change == null ? [] : [`${key}: ${change}`]
  })
  return [...kept, ...[...rest].map(([key, value]) => `${key}: ${value}`), ''].join('\n')
}

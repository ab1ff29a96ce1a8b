import { geometricMean, memoryRatios, ratiosOf, shortfalls, type Ratios } from './ratios.ts'
import { medianOf, type Results, type SideResult } from './results.ts'
import { works, type Work } from './side.ts'
import { sideNames } from './sides.ts'

/** The report of a run in Markdown, for LOG.md. */
export function engineReport(results: Results): string {
  const { backbones, batch, threads, frozen } = { ...results.options, backbones: results.backbones }
  const parts = works.filter((work) => backbones.some((one) => one.works.some((done) => done.work === work)))
  const load = `load ${results.load.toFixed(1)} before${results.loads.length > 0 ? ` and ${results.loads.at(-1)!.toFixed(1)} at the end` : ''}`
  return [
    `${results.date.slice(0, 10)}: float32, batch ${batch}, threads ${threads}${frozen ? '' : ', batch norms unfolded'}; ${results.machine}, ${load}. Milliseconds, medians; "over" is how many times as fast Gauntlet is, the median of the rounds.`,
    ...parts.flatMap((work) => [`### ${work}`, speedTable(results, work)]),
    ...(parts.includes('training step') ? ['### Peak memory of the training step', memoryTable(results)] : []),
    '### Seconds to the first result',
    startTable(results),
    '### What falls short, or has no number',
    listed(shortfalls(results)),
    '',
  ].join('\n\n')
}

function speedTable(results: Results, work: Work): string {
  const ratios = ratiosOf(results, work)
  const names = sidesIn(ratios)
  const others = names.filter((name) => name !== sideNames.gauntlet)
  const lines = ratios.map(({ backbone, work: { sides }, over, overBest }) => [
    backbone.id,
    String(backbone.side),
    ...names.map((name) => milliseconds(sides.find(({ side }) => side === name))),
    ...others.map((name) => times(over.get(name))),
    times(overBest),
  ])
  const means = [
    ...others.map((name) => geometricMean(ratios.flatMap(({ over }) => over.get(name) ?? []))),
    geometricMean(ratios.flatMap(({ overBest }) => overBest ?? [])),
  ]
  const heads = ['backbone', 'px', ...names, ...others.map((name) => `over ${name}`), 'over the best']
  return table(heads, [...lines, ['geometric mean', '', ...names.map(() => ''), ...means.map(times)]])
}

/** The aim is for the peak of the whole process. The others explain it. */
const peaks = {
  whole: 'whole process',
  firstStart: 'the same at the first start on a machine',
  steps: 'later steps',
  loaded: 'loaded, before the first step',
} as const

function memoryTable(results: Results): string {
  const ratios = ratiosOf(results, 'training step')
  const names = sidesIn(ratios)
  const lines = ratios.flatMap(({ backbone, work }) =>
    (Object.keys(peaks) as (keyof typeof peaks)[]).map((peak) => [
      backbone.id,
      peaks[peak],
      ...names.map((name) => mebibytes(work.sides.find(({ side }) => side === name)?.memory?.[peak])),
      ...names.filter((name) => name !== sideNames.gauntlet).map((name) => times(memoryRatios(work, peak).get(name))),
    ]),
  )
  const others = names.filter((name) => name !== sideNames.gauntlet)
  return table(['backbone', 'MiB', ...names, ...others.map((name) => `ours over ${name}'s`)], lines)
}

/**
 * The times to the first result, for Gauntlet by program. A work that follows others in the same process finds compiled
 * what they share, so the training step, which is first, shows torch.compile's whole time.
 */
function startTable(results: Results): string {
  const lines = works.flatMap((work) =>
    ratiosOf(results, work).flatMap(({ backbone, work: { sides } }) =>
      sides.flatMap(({ side, prepared }) => {
        if (!prepared || (side !== sideNames.gauntlet && side !== sideNames.compiled)) return []
        const programs = (prepared.programs ?? [])
          .map(({ program, seconds }) => `${program} ${seconds.toFixed(1)}`)
          .join(', ')
        const cold = prepared.coldSeconds?.toFixed(1) ?? ''
        return [[backbone.id, work, side, prepared.seconds.toFixed(1), cold, programs, prepared.remark ?? '']]
      }),
    ),
  )
  return table(['backbone', 'work', 'side', 'first result', 'with an empty cache', 'programs', 'remarks'], lines)
}

function sidesIn(ratios: readonly Ratios[]): string[] {
  return [...new Set(ratios.flatMap(({ work }) => work.sides.map(({ side }) => side)))]
}

function milliseconds(side: SideResult | undefined): string {
  if (side?.failure !== undefined) return 'failed'
  const median = side && medianOf(side)
  return median === undefined ? '–' : median.toFixed(0)
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? '–' : ratio.toFixed(2)
}

function mebibytes(bytes: number | null | undefined): string {
  return bytes ? (bytes / 2 ** 20).toFixed(0) : '–'
}

function listed(sentences: readonly string[]): string {
  return sentences.length > 0 ? sentences.map((sentence) => `- ${sentence}`).join('\n') : 'Nothing.'
}

/** A Markdown table. */
export function table(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`
  return [row(heads), row(heads.map(() => '---')), ...lines.map(row)].join('\n')
}
